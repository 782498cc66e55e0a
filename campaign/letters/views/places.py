"""Where a letter is written: it keeps to itself how a URL becomes an appeal, an office, a language and a chain.

Several letters are a chain: the offices still to come stand in the URL, and nothing about the writer does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import abort, redirect, request, url_for

from campaign import i18n
from campaign.appeals import queries as appeals
from campaign.appeals.content import Content, OfficeText
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import drafting, gating, wishes
from campaign.letters.drafting import Draft
from campaign.offices import addressing
from campaign.offices import queries as offices
from campaign.offices.models import Office

SPEECH = f"{i18n.SPEECH}/<slug>"


@dataclass(frozen=True, slots=True)
class Page:
    """An appeal in one language of the page."""

    lang: str
    appeal: Appeal
    content: Content

    @property
    def takes_letters(self) -> bool:
        """Whether letters can be written: drafts are for organisers, closed appeals are over."""
        return self.appeal.state in {"demonstration", "open"}

    @property
    def is_rehearsal(self) -> bool:
        """Whether what is given to us stays on this machine."""
        return not gating.goes_out(self.appeal)

    def frame(self, endpoint: str = "", **values: Any) -> dict[str, Any]:
        """What every page of an appeal is given; with an endpoint, links to the same page in other languages."""
        languages = self.content.languages if endpoint else ()
        return {
            "page": self,
            "appeal": self.appeal,
            "content": self.content,
            "words": self.content.text(self.lang),
            "languages": [(c, i18n.OWN_NAMES[c], self._url(endpoint, c, values)) for c in languages],
        }

    def _url(self, endpoint: str, language: str, values: dict[str, Any]) -> str:
        return url_for(endpoint, lang=language, slug=self.appeal.slug, **values)

    def office_text(self, office: Office) -> OfficeText:
        """How the page speaks of an office; its official title where the appeal has no words for it."""
        found = self.content.text(self.lang).offices.get(office.slug)
        return found or OfficeText(name=office.title, about=office.title)


@dataclass(frozen=True, slots=True)
class Chain:
    """The offices to write to after this one, and how many there are in all."""

    following: tuple[str, ...] = ()
    of: int = 1

    @property
    def position(self) -> int:
        """Which letter this is, from 1."""
        return self.of - len(self.following)

    @property
    def after(self) -> Chain:
        """The chain as the next office sees it."""
        return replace(self, following=self.following[1:])

    def query(self) -> dict[str, Any]:
        """What stands of it in a URL."""
        if self.of == 1:
            return {}
        return {"then": ",".join(self.following) or None, "of": self.of}


@dataclass(frozen=True, slots=True)
class Place:
    """A page, the office that is written to, its draft and the chain it stands in."""

    page: Page
    office: Office
    draft: Draft
    chain: Chain

    def url_values(self, **other: Any) -> dict[str, Any]:
        """The values for ``url_for("letters.write", …)`` that lead here again."""
        here = {"lang": self.page.lang, "slug": self.page.appeal.slug, "office": self.office.slug}
        chosen = {"in": self.draft.language} if self.draft.language != self._usual else {}
        return here | self.chain.query() | chosen | other

    @property
    def _usual(self) -> str:
        return drafting.usual_language(self.page.lang, self.draft.choices)


def page(lang: str, slug: str) -> Page:
    """The appeal of a URL, or 404; in a language that it does not have, on to one that it has."""
    found = appeals.published(slug)
    if found is None or not appeals.may_be_read(found.appeal):
        abort(404)
    if lang not in found.content.languages:
        other = {"lang": found.content.languages[0]}
        abort(redirect(url_for(request.endpoint or "", **{**(request.view_args or {}), **other})))
    return Page(lang, found.appeal, found.content)


def page_of(appeal_id: UUID, lang: str) -> Page:
    """The appeal that a letter belongs to, for its writer's own pages; 410 when it is gone."""
    appeal = session.get(Appeal, appeal_id)
    found = appeals.published(appeal.slug) if appeal else None
    if found is None:
        abort(410)
    return Page(lang if lang in found.content.languages else found.content.languages[0], found.appeal, found.content)


def addressees(of: Page) -> list[Office]:
    """The offices that an appeal speaks to, in its order."""
    known = offices.by_slugs(of.content.addressees)
    return [known[slug] for slug in of.content.addressees if slug in known]


def office(slug: str) -> Office:
    """The office of a URL, or 404."""
    found: Office = offices.by_slug(slug) or abort(404)
    return found


def place(of: Page, to: Office, chain: Chain) -> Place:
    """Where a letter to this office is written, in the language asked for; 404 when the appeal has none to it."""
    if to.slug not in of.content.addressees or not (choices := drafting.languages(of.content, to)):
        abort(404)
    asked = request.args.get("in", "")
    language = asked if asked in choices else drafting.usual_language(of.lang, choices)
    draft = drafting.draft(of.content, to, language, today())
    return Place(of, to, draft or abort(404), chain)


def following(after: Place) -> Place | None:
    """The next place of the chain; None at its end."""
    if not after.chain.following:
        return None
    return place(after.page, office(after.chain.following[0]), after.chain.after)


def all_following(after: Place) -> list[Place]:
    """The places of the chain that are still to come, in its order."""
    nearest = following(after)
    return [nearest, *all_following(nearest)] if nearest else []


def chain(of: Page, to: Office) -> Chain:
    """The chain that the URL tells of; whom the appeal cannot write to is passed over."""
    possible = {office.slug for office in addressees(of) if office != to and can_write(of, office)}
    slugs = tuple(dict.fromkeys(slug for slug in request.args.get("then", "").split(",") if slug in possible))
    most = len(of.content.addressees)
    return Chain(slugs, max(len(slugs) + 1, min(most, request.args.get("of", 1, type=int))))


def can_write(of: Page, to: Office) -> bool:
    """Whether the appeal has a letter that this office takes."""
    return accepts(to) and bool(drafting.languages(of.content, to))


def accepts(to: Office) -> bool:
    """Whether this office takes campaign letters at all; one that takes cases only, or objected, does not."""
    return addressing.accepts_letters(to) and not wishes.of(to.id).stopped_at


def today() -> Any:
    """Today, for a greeting and an address as they would be now."""
    return datetime.now(UTC).date()
