"""What stands below a letter that we send: who passed it on and who answers, in the letter's language.

The interface has fewer languages than offices work in, so these few sentences are kept here rather than in
the catalogues of the interface.
"""

from __future__ import annotations

from campaign.appeals.content import Publisher
from campaign.letters.office_words import words

_SAYS = {
    "en": (
        "The person who signed this letter wrote and confirmed it, and asked us to pass it on. "
        "A reply goes to that person.",
        "Published by",
        "Who answers questions about these letters:",
        "This is a rehearsal: nobody has been named as the publisher of this appeal.",
    ),
    "fr": (
        "La personne qui signe cette lettre l’a rédigée et confirmée, et nous a demandé de la transmettre. "
        "Une réponse lui parvient directement.",
        "Publié par",
        "Pour toute question sur ces lettres :",
        "Ceci est un essai : personne n’est encore désigné comme responsable de cet appel.",
    ),
    "es": (
        "La persona que firma esta carta la escribió y la confirmó, y nos pidió transmitirla. "
        "Una respuesta le llega directamente.",
        "Publicado por",
        "Para preguntas sobre estas cartas:",
        "Esto es un ensayo: todavía no se ha nombrado a nadie como responsable de este llamamiento.",
    ),
}


def footer(publisher: Publisher, language: str) -> str:
    """Three or four lines of plain text; English where we have no words in ``language``."""
    passed_on = _SAYS.get(language, _SAYS["en"])[0]
    for_the_office = f"{words(language).footer} {words(language).private}"
    return "\n".join([passed_on, who_answers(publisher, language), for_the_office])


def who_answers(publisher: Publisher, language: str) -> str:
    """Who publishes the appeal and whom to ask, in a line or two; that there is nobody, where there is nobody."""
    _, published_by, questions, nobody = _SAYS.get(language, _SAYS["en"])
    if not publisher.name:
        return nobody
    lines = [f"{published_by} {_joined(publisher.name, publisher.address)}"]
    if answers := _joined(publisher.contact_person, publisher.phone):
        lines.append(f"{questions} {answers}")
    return "\n".join(lines)


def with_link(footer: str, language: str, link: str) -> str:
    """The footer of a letter on its way: the office's own link, which no writer gets to see, is put into it."""
    return footer.replace(words(language).private, link)


def _joined(*parts: str | None) -> str:
    return ", ".join(" ".join(part.split()) for part in parts if part)
