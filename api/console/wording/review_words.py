"""Why a candidate is not of interest, in a recruiter's words."""

from domain.review import SetAsideReason

SET_ASIDE_REASONS = {
    SetAsideReason.SKILLS: "Skills don't match",
    SetAsideReason.SENIORITY: "Too junior or too senior",
    SetAsideReason.LOCATION: "Location doesn't work",
    SetAsideReason.SALARY: "Salary too high",
    SetAsideReason.IN_CONTACT: "In contact already",
    SetAsideReason.OTHER: "Another reason",
}
"""What each reason is called where one is chosen, in this order."""
