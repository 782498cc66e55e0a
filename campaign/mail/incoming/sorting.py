"""What kind of mail came in; the order of the questions is the knowledge kept here."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.mail.incoming import automatic, dsn, feedback
from campaign.mail.incoming.judging import Report, Sort, judge
from campaign.mail.incoming.parsing import Mail


@dataclass(frozen=True)
class Finding:
    """What a mail is; with the report that it carries, if it is one."""

    sort: Sort
    report: Report | None = None


def sort(mail: Mail) -> Finding:
    """Complaint, report, challenge, automatic answer, or else a person's reply."""
    if said := feedback.kind(mail):
        return Finding(Sort.COMPLAINT if feedback.is_complaint(said) else Sort.IGNORED)
    if report := dsn.report(mail):
        return Finding(judge(report), report)
    if automatic.is_challenge(mail):
        return Finding(Sort.CHALLENGE)
    return Finding(Sort.AUTO_REPLY if automatic.is_automatic(mail) else Sort.REPLY)
