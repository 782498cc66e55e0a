"""What is known about large mail providers: their domains, the aliases they allow, and slips of the hand.

A provider's name in clear tells nothing about one person; a small domain would, so it is only ever a keyed hash
(``addresses.recorded_domain``).
"""

from __future__ import annotations

GMAIL = frozenset({"gmail.com", "googlemail.com"})
PROTON = frozenset({"protonmail.com", "proton.me", "pm.me", "protonmail.ch"})
_PLUS = """
fastmail.com fastmail.fm hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com
live.co.uk live.com live.fr live.nl mac.com mailbox.org me.com msn.com outlook.com outlook.de outlook.es outlook.fr
posteo.de posteo.net runbox.com startmail.com ya.ru yandex.com yandex.ru zoho.com
"""
_LARGE = """
126.com 163.com aol.com att.net bluewin.ch btinternet.com comcast.net free.fr freenet.de gmx.at gmx.ch gmx.com gmx.de
gmx.fr gmx.net hotmail.se inbox.ru laposte.net libero.it list.ru live.se mail.com mail.ru naver.com orange.fr qq.com
rediffmail.com rocketmail.com sbcglobal.net sfr.fr shaw.ca sina.com sky.com t-online.de tuta.com tutanota.com
verizon.net wanadoo.fr web.de yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de yahoo.es yahoo.fr
yahoo.it ymail.com
"""
PLUS = GMAIL | PROTON | frozenset(_PLUS.split())
"""Where "name+anything@" reaches "name@", by the provider's own help pages."""

LARGE = PLUS | frozenset(_LARGE.split())
REAL = LARGE | frozenset({"email.com", "fmail.com", "hotmail.ch", "mail.co", "outlook.be", "outlook.it", "yahoo.be"})
"""Domains that exist and look like another's slip."""

POPULAR = (
    "gmail.com",
    "hotmail.com",
    "outlook.com",
    "yahoo.com",
    "icloud.com",
    "protonmail.com",
    "proton.me",
    "googlemail.com",
    "orange.fr",
    "laposte.net",
)
