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

    from campaign import admission, at_once, background, db, i18n, limits, pages, together, vault, web
    from campaign.petition.surge import watching
    from campaign.petition.views import short_way
    from config import load_settings

    app = Flask(__name__, template_folder="../templates")
    app.config.from_mapping((settings or load_settings()).flask())
    for part in (db, at_once, vault, background, limits, together, i18n, short_way, web, admission, watching):
        part.init_app(app)
    for furnish in (_bring_pages, _teach_mail, _set_the_clock):
        furnish(app)
    app.wsgi_app = pages.PageCache(app.wsgi_app, hosts=app.config["TRUSTED_HOSTS"])  # type: ignore[method-assign] # as WSGI apps are wrapped
    return app


def _bring_pages(app: Flask) -> None:
    """The pages of every room, the public ones first; what the desk shows is closed by its own door."""
    from campaign.api import health
    from campaign.api import views as api
    from campaign.appeals import desk as organisations_desk
    from campaign.appeals import look_desk
    from campaign.desk import captured, danger, offices, outbox, style, suppressions, translations
    from campaign.desk import views as desk
    from campaign.exports import desk as exports_desk
    from campaign.letters import desk as letters_desk
    from campaign.letters import digest_desk, overtaken_desk, pace_desk
    from campaign.letters import views as letters
    from campaign.organisers import views as organisers
    from campaign.petition import desk as petition_desk
    from campaign.petition import views as petition
    from campaign.petition.comments import desk as comments_desk
    from campaign.petition.news import desk as news_desk
    from campaign.petition.paper import desk as paper_desk
    from campaign.petition.surge import desk as surge_desk
    from campaign.petition.wall import desk as wall_desk
    from campaign.rights import views as rights

    public = (petition, letters, rights, api, health)
    of_letters = (letters_desk, pace_desk, digest_desk, overtaken_desk)
    of_appeals = (petition_desk, news_desk, paper_desk, surge_desk, organisations_desk, look_desk, exports_desk)
    of_desk = (comments_desk, wall_desk, desk, danger, outbox, captured, suppressions, offices, style, translations)
    for room in (*public, organisers, *of_desk, *of_appeals, *of_letters):
        app.register_blueprint(room.blueprint)


def _teach_mail(app: Flask) -> None:
    """Who writes each kind of message, and who hears of what comes back: mail knows none of them by name."""
    from campaign.appeals import mails as appeals_mails
    from campaign.letters import digest_replying, digests, replying, shutting
    from campaign.letters import mails as letters_mails
    from campaign.mail import draining, rendering
    from campaign.mail.incoming import acting
    from campaign.organisers import mailing
    from campaign.petition import ending
    from campaign.petition import mails as petition_mails
    from campaign.petition.news import mails as news_mails
    from campaign.rights import asking

    own = {"sign_in": mailing.sign_in, "mine": asking.draft}
    theirs = petition_mails.RENDERERS | news_mails.RENDERERS | letters_mails.RENDERERS | appeals_mails.RENDERERS
    for kind, renderer in (own | theirs).items():
        rendering.register(app, kind, renderer)
    acting.register_taker(app, "letter", replying.take)
    acting.register_taker(app, digests.KIND, digest_replying.take)
    acting.register_listener(app, ending.stop_updates_to)
    draining.register_check(app, shutting.shut)


def _set_the_clock(app: Flask) -> None:
    """What is done at intervals, and sooner at a bell."""
    from campaign import background
    from campaign.api import health
    from campaign.appeals import tasks as appeals
    from campaign.letters import tasks as letters
    from campaign.mail import tasks as mail
    from campaign.petition import tasks as petition
    from campaign.rights import tasks as rights

    background.register(app, mail.deliver, mail.sweep, mail.fetch, mail.scrub, health.heartbeat)
    background.register(app, petition.count, petition.expire, petition.reconcile)
    background.register(app, petition.decide, petition.tell, petition.calm, petition.ask_domains)
    background.register(app, letters.expire, letters.blur, letters.release, letters.settle)
    background.register(app, appeals.expire, rights.forget_due)
