"""Duties outside the European Union: the SEC's Form 8-K and CERT-In."""

from __future__ import annotations

from datetime import date

from domain.regulations.rule import Clock, Period, Question, Regulation, Step, Unit, hours

_AS_OF = date(2026, 11, 29)

ELSEWHERE = (
    Regulation(
        id="sec",
        law="sec",
        title="SEC, Form 8-K Item 1.05",
        told="the Securities and Exchange Commission, and so the public",
        as_of=_AS_OF,
        source="Form 8-K, General Instruction B.1 and Item 1.05; Release No. 33-11216",
        url="https://www.sec.gov/files/form8-k.pdf",
        zone="America/New_York",
        steps=(
            Step(
                id="sec",
                title="Form 8-K, Item 1.05",
                rule="Within four business days after the incident was determined to be material.",
                clocks=(
                    Clock(
                        starts="material_at",
                        period=Period(length=4, unit=Unit.US_BUSINESS_DAYS),
                    ),
                ),
                verified=True,
            ),
        ),
        questions=(
            Question(asks="nature, scope and timing", facts=("what_happened", "scope", "started")),
            Question(asks="the material impact, or the likely one", facts=("consequences",)),
            Question(asks="when it was determined to be material", facts=("material_at",)),
        ),
        note="What is not known yet is amended later. Only the Attorney General can allow a delay.",
    ),
    Regulation(
        id="cert_in",
        law="cert_in",
        title="CERT-In directions",
        told="CERT-In",
        as_of=_AS_OF,
        source="Directions No. 20(3)/2022-CERT-In of 28 April 2022, direction (ii)",
        url="https://www.cert-in.org.in/PDF/CERT-In_Directions_70B_28.04.2022.pdf",
        zone="Asia/Kolkata",
        steps=(
            Step(
                id="cert_in",
                title="Report of the cyber incident",
                rule="Within 6 hours of noticing it, or of being told of it.",
                clocks=(hours("aware_at", 6),),
                verified=False,
            ),
        ),
        questions=(
            Question(asks="when it happened and was noticed", facts=("started", "aware_at")),
            Question(asks="what happened", facts=("what_happened",)),
            Question(asks="the systems concerned", facts=("scope",)),
            Question(asks="the measures taken", facts=("doing", "fix")),
            Question(asks="a contact point", facts=("contact_point",)),
        ),
    ),
)
