"""What pages say of the roles in a company."""

from domain.actor import CompanyRole

COMPANY_ROLES = {
    CompanyRole.OWNER: "Owner",
    CompanyRole.RECRUITER: "Recruiter",
    CompanyRole.READ_ONLY: "Read-only",
}

WHAT_ROLES_MAY = {
    CompanyRole.OWNER: "Everything a recruiter can do, invite and remove people, leave the beta.",
    CompanyRole.RECRUITER: "Positions, messages and interviews.",
    CompanyRole.READ_ONLY: "See everything, change nothing.",
}
