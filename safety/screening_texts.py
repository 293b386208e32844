"""Every sentence of the screening, in one place, ready for translation.

The six refusals are those of the project's source text; the others come from makers' lists of contraindications
(Teeter at contourliving.com; inhomespinecare.com). ``docs/screening.md`` shows them.
"""

from typing import Final

REFUSED: Final[dict[str, str]] = {
    "recent-head-injury": "Have you had a head injury lately?",
    "retinal-detachment": "Have you, or have you had, a detached or diseased retina?",
    "motion-sickness": "Do you suffer from motion sickness?",
    "recent-back-surgery": "Have you had back surgery lately?",
    "cataract": "Do you have a cataract?",
    "glaucoma": "Do you have glaucoma, or raised pressure in the eye?",
}
"""Whoever says yes does not ride."""

NEED_CLEARANCE: Final[dict[str, str]] = {
    "anticoagulants": "Do you take blood thinners, or aspirin in high doses?",
    "bone-weakness": "Do you have weak bones, a recent fracture, or implants in the skeleton?",
    "conjunctivitis": "Do you have an inflamed eye?",
    "heart-or-circulation": "Do you have a disorder of heart or circulation?",
    "hernia": "Do you have a hernia of diaphragm or abdomen?",
    "high-blood-pressure": "Is your blood pressure above 140/90?",
    "middle-ear-infection": "Do you have an infection of the middle ear?",
    "extreme-obesity": "Are you extremely overweight?",
    "pregnancy": "Are you pregnant, or could you be?",
    "spinal-injury": "Do you have an injury of the spine?",
    "cerebral-sclerosis": "Do you have cerebral sclerosis, epilepsy, or a bleeding in the brain in your history?",
    "swollen-joints": "Are any of your joints acutely swollen?",
    "stroke": "Have you had a stroke, or a transient ischaemic attack?",
}
"""Whoever says yes rides only with a physician's written clearance for it."""

CONSULTED: Final = "Have you asked a physician before your first use of an inversion table?"
SUPERVISED: Final = "Will somebody be with you, every time, who knows how to bring you upright?"

NOT_SCREENED: Final = "the questionnaire has not been answered; answer it with: righting screen {file}"
UNANSWERED: Final = "not answered: {question} Answer it with: righting screen {file}"
EXPIRED: Final = "the questionnaire was answered on {date}; it counts for {most} days, so answer it anew"
FROM_THE_FUTURE: Final = "the questionnaire is dated {date}, which is after today; check the computer's clock"
REFUSES: Final = "answered yes: {question} That rules inversion out, and no clearance changes it"
NEEDS_CLEARANCE: Final = "answered yes: {question} That takes a physician's written clearance for {condition}"
CLEARANCE_EXPIRED: Final = "the clearance for {condition} expired on {date}; ask the physician again"
NOT_CONSULTED: Final = "a physician is asked before the first use"
NOT_SUPERVISED: Final = "nobody inverts alone: somebody must be there who knows how to bring the rider upright"
REST_DUE: Final = "inverted for {inverted} s until {ended}: rest for {rest} min, until {begins}"
ENDED_LATER: Final = "the last session ended at {ended}, which is later than now: check the computer's clock"
DAY_LEFT: Final = "what is left of the day's {most} min inverted"
