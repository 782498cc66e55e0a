"""Undersigned: the factory, the one module that knows all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application for one installation; ``settings`` come from the environment when not given."""
    # Here, not above: the process that only starts and watches the others should not carry all this.
    from flask import Flask

    from campaign import background, db, i18n, limits, pages, vault, web
    from config import load_settings

    app = Flask(__name__, template_folder="../templates")
    app.config.from_mapping((settings or load_settings()).flask())
    for part in (db, vault, background, limits, i18n, web):
        part.init_app(app)
    _open_rooms(app)
    app.wsgi_app = pages.PageCache(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _open_rooms(app: Flask) -> None:
    """Let every feature bring its pages and what it mails; a new room is a line here."""
    from campaign import background
    from campaign.api import health
    from campaign.api import views as api
    from campaign.appeals import desk as organisations_desk
    from campaign.appeals import mails as appeals_mails
    from campaign.appeals import tasks as appeals_tasks
    from campaign.desk import captured as desk_captured
    from campaign.desk import offices as desk_offices
    from campaign.desk import outbox as desk_outbox
    from campaign.desk import suppressions as desk_suppressions
    from campaign.desk import views as desk
    from campaign.exports import desk as exports_desk
    from campaign.letters import desk as letters_desk
    from campaign.letters import digest_desk, overtaken_desk
    from campaign.letters import mails as letters_mails
    from campaign.letters import replying as letters_replying
    from campaign.letters import tasks as letters_tasks
    from campaign.letters import views as letters
    from campaign.mail import rendering
    from campaign.mail import tasks as mail_tasks
    from campaign.mail.incoming import acting
    from campaign.organisers import mailing as organisers_mailing
    from campaign.organisers import views as organisers
    from campaign.petition import desk as petition_desk
    from campaign.petition import ending as petition_ending
    from campaign.petition import mails as petition_mails
    from campaign.petition import tasks as petition_tasks
    from campaign.petition import views as petition
    from campaign.rights import asking as rights_asking
    from campaign.rights import tasks as rights_tasks
    from campaign.rights import views as rights

    public = (petition, letters, rights, api, health)
    of_mail = (desk_outbox, desk_captured, desk_suppressions)
    of_letters = (letters_desk, digest_desk, overtaken_desk)
    of_signatures = (petition_desk, organisations_desk, exports_desk)
    behind_the_door = (organisers, desk, *of_mail, desk_offices, *of_letters, *of_signatures)
    for room in public + behind_the_door:
        app.register_blueprint(room.blueprint)
    own = {"sign_in": organisers_mailing.sign_in, "mine": rights_asking.draft}
    theirs = petition_mails.RENDERERS | letters_mails.RENDERERS | appeals_mails.RENDERERS
    for kind, renderer in (own | theirs).items():
        rendering.register(app, kind, renderer)
    acting.register_taker(app, "letter", letters_replying.take)
    acting.register_listener(app, petition_ending.stop_updates_to)
    background.register(app, mail_tasks.deliver, mail_tasks.sweep, mail_tasks.fetch, mail_tasks.scrub)
    background.register(app, health.heartbeat)
    background.register(app, petition_tasks.count, petition_tasks.expire)
    background.register(app, petition_tasks.reconcile, petition_tasks.decide)
    background.register(app, letters_tasks.expire, letters_tasks.blur, letters_tasks.release, letters_tasks.settle)
    background.register(app, appeals_tasks.expire, rights_tasks.forget_due)
