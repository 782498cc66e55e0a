"""All mails of the product in all its languages: small, text first, one link, nothing fetched, marked as ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from campaign import vault
from campaign.appeals import queries
from campaign.appeals.models import Appeal, OrganisationSignOn
from campaign.db import clock, session
from campaign.i18n import INTERFACE, direction
from campaign.letters import confirming, digest_replying, overtaking, replying, trying
from campaign.letters.models import Digest, Letter, TrialLetter
from campaign.letters.office_words import LANGUAGES
from campaign.mail import outbox, rendering
from campaign.mail.composing import LARGEST, LARGEST_WITH_PDF
from campaign.mail.incoming.replies import Reply
from campaign.mail.models import Message
from campaign.organisers import accounts
from campaign.organisers.models import SignInLink
from campaign.petition.models import Signature
from campaign.petition.news import releasing, writing
from tests.desk import OLGA, link_for
from tests.letter_stage import PATH, letters, send, the_appeal, the_office
from tests.test_news import a_signer

BY_A_PERSON = {"letter", "letter_test", "update", "update_test"}  # the last two are written by an organiser
ONE_LINK = {
    "confirm", "already_signed", "receipt", "organisation_confirm", "mine", "sign_in", "overtaken", "office_waiting",
}  # fmt: skip
TWO_LINKS = {"letter_confirm", "update", "update_test"}  # to confirm and to look back; to read and to end it
OTHERS_WORDS = {"letter", "letter_test", "digest", "office_reply", "digest_reply"}  # may name what they like
WITH_BUTTON = {"confirm", "organisation_confirm", "mine", "sign_in"}
TO_OFFICES = {"letter": outbox.LETTERS, "digest": outbox.LETTERS, "letter_test": outbox.LETTERS}
LINK = re.compile(r"https?://[^\s\"<>]+")


@dataclass
class Stage:
    """What each kind of mail is about."""

    rows: dict[str, UUID]
    keys: dict[str, str]

    def write(self, kind: str, language: str) -> EmailMessage:
        """The mail of a kind as it would leave."""
        box = rendering.prepare(self.message(kind, language), datetime(2026, 3, 1, tzinfo=UTC))
        assert box, kind
        assert len(box.content) < (LARGEST_WITH_PDF if kind == "digest" else LARGEST), kind
        mail = message_from_bytes(box.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    def message(self, kind: str, language: str) -> Message:
        """The row of such a mail."""
        row, news = uuid4(), kind.startswith("update")
        spoken = language if kind not in {"digest", "office_waiting"} or language in LANGUAGES else "en"
        sealed = vault.current().seal({"address": "alice@people.internal"}, table="message", row=row)
        return Message(
            id=row, kind=kind, subject_id=self.rows[kind], language=spoken, recipient=sealed, token="t0ken",
            lane=outbox.UPDATES if news else TO_OFFICES.get(kind, outbox.PEOPLE), dedupe_key=self.keys.get(kind, ""),
        )  # fmt: skip


@pytest.fixture
def stage(context: Flask, client: FlaskClient) -> Iterator[Stage]:
    """An appeal with a signer, an organisation, letters in every state, a digest, what was answered, and news."""
    appeal = the_appeal(state="open", sensitive=False)
    olga = accounts.add(OLGA)
    link_for(context)
    rows = {"sign_in": session.scalars(select(SignInLink.id)).one()}
    rows["confirm"] = a_signer(appeal, "bo", state="pending")
    rows |= dict.fromkeys(("already_signed", "receipt", "mine"), a_signer(appeal, "alice"))
    said: writing.Texts = {"en": {"title": "News", "body": "A.\n\nB."}}
    rows["update"] = rows["update_test"] = writing.write(appeal, said, by=olga)
    releasing.release(rows["update"], appeal=appeal, by=olga)
    rows["organisation_confirm"] = an_organisation(appeal)
    rows |= of_letters(appeal, client)
    keys = {"update": f"update:{rows['update']}:{rows['mine']}"}
    yield Stage(rows, keys)
    queries.forget()


def an_organisation(appeal: Appeal) -> UUID:
    wording = session.scalars(select(Signature.wording_id).limit(1)).one()
    row = OrganisationSignOn(
        id=uuid4(), appeal_id=appeal.id, name="Étoile", name_key="etoile", country="FR", ecosoc_status="none",
        language="en", wording_id=wording,
    )  # fmt: skip
    session.add(row)
    session.commit()
    return row.id


def of_letters(appeal: Appeal, client: FlaskClient) -> dict[str, UUID]:
    """Letters: one goes alone, one was overtaken, two are in a digest, one waits for its writer; and replies."""
    rows = {"office_waiting": the_office().id}
    send(client, f"{PATH}/sr-truth", email="one@example.org")
    rows["overtaken"] = confirmed()[0].submission_id
    overtaking.overtake(appeal, office=None, reason="changed", by=accounts.add(OLGA))
    send(client, email="two@example.org", message="Please act.")
    digest = session.get_one(Digest, confirmed()[-1].digest_id)
    digest.state, digest.released_at, digest.released_by = "released", clock(), accounts.add(OLGA).id
    session.commit()
    rows["digest"] = digest.id
    send(client, f"{PATH}/hrc-president", email="three@example.org")
    rows["letter"] = confirmed()[-1].id
    send(client, f"{PATH}/high-commissioner", email="four@example.org")
    rows["letter_confirm"] = letters("pending")[0].submission_id
    trial = TrialLetter(appeal_id=appeal.id, office_id=the_office().id, language="en", **trial_route())
    session.add(trial)
    said = Reply(sender="mandate@offices.internal", text="We have read it.", cut=False, files=True)
    for taker, about in ((replying, rows["letter"]), (digest_replying, rows["digest"])):
        assert taker.take(Message(kind="x", subject_id=about, capture_only=True), said)
    session.commit()
    for kind in (replying.KIND, digest_replying.KIND):
        rows[kind] = session.scalars(select(Message.subject_id).where(Message.kind == kind)).one()
    return rows | {trying.KIND: trial.id}


def trial_route() -> dict[str, object]:
    return {"route": b"", "relay": "relay:25", "domain": "appeal.internal"}


def confirmed() -> list[Letter]:
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})
    return letters("confirmed")


def speak(language: str) -> None:
    """Let everybody on the stage read this language."""
    for statement in (
        update(Signature).values(language=language), update(OrganisationSignOn).values(language=language),
        update(Letter).values(page_language=language),
    ):  # fmt: skip
        session.execute(statement)
    session.commit()
    session.expire_all()


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    return str(body.get_content()) if body else ""


def words(text: str) -> list[str]:
    """What is read of a text, or of an HTML page without its head."""
    shown = re.sub(r"<head>.*?</head>|<[^>]+>", " ", text, flags=re.S)
    return unescape(shown).split()


def test_it_works(stage: Stage, context: Flask) -> None:
    kinds = set(context.extensions["renderers"]) - {"test_confirm", "test_letter"}
    assert kinds == ONE_LINK | TWO_LINKS | OTHERS_WORDS
    subjects: dict[str, set[str]] = {}
    for language in INTERFACE:
        speak(language)
        for kind in sorted(kinds):
            mail = stage.write(kind, language)
            check(kind, language, mail)
            subjects.setdefault(kind, set()).add(mail["Subject"])
    for kind in kinds - OTHERS_WORDS - {"office_waiting", "update", "update_test"}:
        assert len(subjects[kind]) == len(INTERFACE), kind


def check(kind: str, language: str, mail: EmailMessage) -> None:
    where, html = f"{kind} in {language}", html_of(mail)
    assert (mail["Auto-Submitted"] == "auto-generated") is (kind not in BY_A_PERSON), where
    leaves = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert leaves[0] == "text/plain", where
    assert leaves[1:] == (["application/pdf"] if kind == "digest" else ["text/html"] if html else []), where
    if kind not in OTHERS_WORDS:
        assert len(set(LINK.findall(text_of(mail)))) == (1 if kind in ONE_LINK else 2), where
        assert set(LINK.findall(html)) <= set(LINK.findall(text_of(mail))), where
    assert bool(html) is (kind in WITH_BUTTON or kind.startswith("update")), where
    if html:
        assert f'dir="{direction(language)}"' in html, where
        assert not re.search(r"<img|<link|<script|src=|url\(|@import|@font", html), where
    if kind in WITH_BUTTON:
        [label] = re.findall(r"text-decoration:none\">([^<]+)</a>", html)
        assert words(html) == words(text_of(mail).replace(LINK.findall(html)[0], f"{label} {LINK.findall(html)[0]}"))


def test_who_is_written_to_together_gets_what_each_gets_alone(stage: Stage, context: Flask) -> None:
    """Several kinds and languages in one hand, and no statement more for more of them."""
    messages = [stage.message(kind, lang) for kind in ("confirm", "receipt", "letter") for lang in ("en", "fa", "fr")]
    messages += [stage.message("confirm", "fa") for _ in range(20)]
    messages[-1].subject_id = a_signer(session.scalars(select(Appeal)).one(), "noise", state="pending")
    alone = [said_to(rendering.Writing([message]), message) for message in messages]
    assert len(set(alone)) == 8  # a letter has a language of its own
    together, asked = rendering.Writing(messages), []

    def note(*given: object) -> None:
        asked.append(given[2])

    event.listen(context.extensions["engine"], "before_cursor_execute", note)
    assert [said_to(together, message) for message in messages] == alone
    event.remove(context.extensions["engine"], "before_cursor_execute", note)
    assert len(asked) <= 6  # two a kind


def said_to(writing: rendering.Writing, message: Message) -> str:
    """What a mail says, without what differs each time; the row in each of its links stays."""
    box = writing.prepare(message, datetime(2026, 3, 1, tzinfo=UTC))
    assert box
    mail = message_from_bytes(box.content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    signed = re.compile(r"\.[\w-]{6}\.[\w-]{27}(?![\w-])")
    return signed.sub("", "\n".join([mail["From"].split("<")[0], mail["Subject"], text_of(mail), html_of(mail)]))


@pytest.mark.parametrize("kind", ["confirm", "organisation_confirm"])
def test_of_a_sensitive_appeal_the_button_says_as_little_as_the_text(
    stage: Stage, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execute(update(Appeal).values(sensitive=True))
    session.commit()
    session.expire_all()
    mail = stage.write(kind, "en")
    assert "Confirm my email" in html_of(mail)
    assert not re.search("sign|appeal|Iran|organisation", " ".join(words(html_of(mail)) + words(text_of(mail)))[:120])


def test_nothing_in_a_text_becomes_html(context: Flask) -> None:
    write: Callable[..., str] = rendering.beside.html_of
    link = 'https://x.example/"><img src=y>'
    made = write(f"<b>A</b> & B\nC\n\n{link}\n", title="<i>", link=link, label="<u>")
    assert not re.search("<b>|<img|<i>|<u>", made)
    assert "&lt;b&gt;A&lt;/b&gt; &amp; B<br>\nC" in made
