"""Duties in the European Union: GDPR, NIS2, DORA and the Cyber Resilience Act."""

from __future__ import annotations

from datetime import date

from domain.regulations.rule import Clock, Question, Regulation, Step, days, hours, one_month

_AS_OF = date(2026, 11, 29)
_EUR_LEX = "https://eur-lex.europa.eu/eli"

_NATURE = Question(asks="the nature of what happened", facts=("what_happened",))
_KINDS = Question(asks="the kinds of personal data", facts=("data_kinds",))
_NUMBER = Question(asks="the approximate number of people concerned", facts=("people_count",))
_CONTACT = Question(asks="a contact point", facts=("contact_point",))
_CONSEQUENCES = Question(asks="the likely consequences", facts=("consequences",))
_MEASURES = Question(
    asks="the measures taken or proposed", facts=("doing", "fix", "action_for_customers")
)
_MALICIOUS = Question(asks="whether an attack is suspected", facts=("malicious",))
_ABROAD = Question(asks="the effect in other countries", facts=("cross_border",))
_CAUSE = Question(asks="the cause", facts=("cause",))
_IMPACT = Question(asks="severity and impact", facts=("scope", "people_count"))
_WHEN = Question(asks="since when, and when it was noticed", facts=("started", "aware_at"))
_CONTAINED = Question(asks="whether it is contained", facts=("contained_at", "fix"))
_SUPPLIER = Question(asks="whether it began at a supplier", facts=("third_party",))

EUROPE = (
    Regulation(
        id="gdpr33",
        law="gdpr",
        title="GDPR, Article 33",
        told="the data protection authority",
        as_of=_AS_OF,
        source="Regulation (EU) 2016/679, Article 33",
        url=f"{_EUR_LEX}/reg/2016/679/oj",
        steps=(
            Step(
                id="gdpr33",
                title="Notification of the authority",
                rule="Without undue delay and, where feasible, within 72 hours after becoming "
                "aware; later only with the reasons. It may be given in phases.",
                clocks=(hours("aware_at", 72),),
                verified=True,
                reasons_if_late=True,
            ),
        ),
        questions=(_NATURE, _KINDS, _NUMBER, _CONTACT, _CONSEQUENCES, _MEASURES, _ABROAD),
        note="Not due if a risk to people is unlikely; the breach is documented all the same.",
    ),
    Regulation(
        id="gdpr34",
        law="gdpr",
        title="GDPR, Article 34",
        told="the people concerned",
        as_of=_AS_OF,
        source="Regulation (EU) 2016/679, Article 34",
        url=f"{_EUR_LEX}/reg/2016/679/oj",
        steps=(
            Step(
                id="gdpr34",
                title="Communication to the people concerned",
                rule="Without undue delay, where a high risk to them is likely.",
                clocks=(Clock(starts="aware_at"),),
                verified=False,
            ),
        ),
        questions=(_NATURE, _CONTACT, _CONSEQUENCES, _MEASURES),
        note="It has no number of hours, so nothing reminds of it.",
    ),
    Regulation(
        id="nis2",
        law="nis2",
        title="NIS2, Article 23",
        told="the CSIRT or the competent authority",
        as_of=_AS_OF,
        source="Directive (EU) 2022/2555, Article 23(4)",
        url=f"{_EUR_LEX}/dir/2022/2555/oj",
        steps=(
            Step(
                id="nis2_warning",
                title="Early warning",
                rule="Within 24 hours of becoming aware of the significant incident.",
                clocks=(hours("aware_at", 24),),
                verified=True,
            ),
            Step(
                id="nis2_notification",
                title="Incident notification",
                rule="Within 72 hours of becoming aware of the significant incident.",
                clocks=(hours("aware_at", 72),),
                verified=True,
            ),
            Step(
                id="nis2_final",
                title="Final report",
                rule="At most one month after the incident notification was submitted.",
                clocks=(one_month("nis2_notification"),),
                verified=False,
            ),
        ),
        questions=(_NATURE, _MALICIOUS, _ABROAD, _IMPACT, _CAUSE, _MEASURES),
        note="A directive: the member state's own law counts. Trust services have 24 hours for the "
        "notification.",
    ),
    Regulation(
        id="dora",
        law="dora",
        title="DORA, Article 19",
        told="the competent financial authority",
        as_of=_AS_OF,
        source="Regulation (EU) 2022/2554, Article 19(4), and Delegated Regulation (EU) 2025/301, "
        "Article 5",
        url=f"{_EUR_LEX}/reg_del/2025/301/oj",
        steps=(
            Step(
                id="dora_initial",
                title="Initial notification",
                rule="Within 4 hours of its classification as major, and within 24 hours of "
                "becoming aware; if it was classified later than that, within 4 hours.",
                clocks=(
                    hours("classified_at", 4),
                    hours("aware_at", 24, unless_after="classified_at"),
                ),
                verified=True,
                reasons_if_late=True,
            ),
            Step(
                id="dora_intermediate",
                title="Intermediate report",
                rule="Within 72 hours of the initial notification, also if nothing has changed.",
                clocks=(hours("dora_initial", 72),),
                verified=True,
                reasons_if_late=True,
            ),
            Step(
                id="dora_final",
                title="Final report",
                rule="At most one month after the intermediate report, or its latest update.",
                clocks=(one_month("dora_intermediate"),),
                verified=True,
                reasons_if_late=True,
            ),
        ),
        questions=(_WHEN, _NATURE, _IMPACT, _ABROAD, _SUPPLIER, _CAUSE, _CONTAINED, _MEASURES),
        note="Some entities may report by noon of the next working day; that is not counted here.",
    ),
    Regulation(
        id="cra_vulnerability",
        law="cra",
        title="Cyber Resilience Act, Article 14(2)",
        told="the CSIRT and ENISA, on the single reporting platform",
        as_of=_AS_OF,
        source="Regulation (EU) 2024/2847, Article 14(2)",
        url=f"{_EUR_LEX}/reg/2024/2847/oj",
        steps=(
            Step(
                id="cra_vulnerability_warning",
                title="Early warning of the exploited vulnerability",
                rule="Within 24 hours of becoming aware of it.",
                clocks=(hours("aware_at", 24),),
                verified=True,
            ),
            Step(
                id="cra_vulnerability_notification",
                title="Notification of the exploited vulnerability",
                rule="Within 72 hours of becoming aware of it.",
                clocks=(hours("aware_at", 72),),
                verified=True,
            ),
            Step(
                id="cra_vulnerability_final",
                title="Final report of the exploited vulnerability",
                rule="At most 14 days after a corrective or mitigating measure is available.",
                clocks=(days("fix_available_at", 14),),
                verified=False,
            ),
        ),
        questions=(_NATURE, _IMPACT, _MALICIOUS, _ABROAD, _MEASURES),
        note="For makers of products with digital elements, since 11 September 2026.",
    ),
    Regulation(
        id="cra_incident",
        law="cra",
        title="Cyber Resilience Act, Article 14(4)",
        told="the CSIRT and ENISA, on the single reporting platform",
        as_of=_AS_OF,
        source="Regulation (EU) 2024/2847, Article 14(4)",
        url=f"{_EUR_LEX}/reg/2024/2847/oj",
        steps=(
            Step(
                id="cra_incident_warning",
                title="Early warning of the severe incident",
                rule="Within 24 hours of becoming aware of it.",
                clocks=(hours("aware_at", 24),),
                verified=False,
            ),
            Step(
                id="cra_incident_notification",
                title="Notification of the severe incident",
                rule="Within 72 hours of becoming aware of it.",
                clocks=(hours("aware_at", 72),),
                verified=False,
            ),
            Step(
                id="cra_incident_final",
                title="Final report of the severe incident",
                rule="Within one month after the notification was submitted.",
                clocks=(one_month("cra_incident_notification"),),
                verified=False,
            ),
        ),
        questions=(_NATURE, _IMPACT, _MALICIOUS, _ABROAD, _CAUSE, _MEASURES),
        note="For makers of products with digital elements, since 11 September 2026.",
    ),
)
