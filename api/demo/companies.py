"""Companies that do not exist, the people who recruit for them, and the positions they open."""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID, uuid5

from api.demo import published
from api.demo.chance import Weighted, stream
from api.demo.names import NAMES
from api.demo.published import COUNTRIES, EUROPEAN_UNION
from domain.actor import Actor, Role
from domain.employer import Manager
from domain.filters import Filters
from domain.money import USD_PER_UNIT, Salary, SalaryRange

DEMO = UUID("c2a0a0a4-4f6a-5b1f-8a56-2d1b6f0f5d10")
"""What the ids of everything in the demo are derived from."""

NORDLICHT = uuid5(DEMO, "employer/nordlicht-robotics")
"""The employer that a newcomer plays: approved, with two open positions, not yet in the beta."""


MOST_AMOUNT = 990_000_000

CANDIDATES_PER_COMPANY = 150
FEWEST_COMPANIES, MOST_COMPANIES = 8, 400
COMPANIES_PER_MANAGER = 15

_FIRST_WORDS = """
    Alder Amber Anchor Arbor Aster Atlas Beacon Birch Blue Boreal Bright Cedar Cobalt Copper Coral
    Crane Delta Ember Falcon Fern Field Flint Forge Garnet Granite Harbour Hazel Heron Indigo Iron
    Ivory Jade Juniper Kestrel Lantern Larch Linden Lumen Maple Meridian Mesa Mint Moss Nimbus
    North Oak Olive Onyx Opal Orchard Otter Pine Plum Quartz Quill Raven Reed River Rowan Sable
    Saffron Sierra Silver Slate Sparrow Spruce Stone Summit Swift Teal Thistle Timber Topaz Vale
    Velvet Violet Willow Wren
"""
_SECOND_WORDS = """
    Analytics Bank Biotech Books Cargo Care Commerce Data Devices Energy Finance Freight Games
    Health Insurance Interactive Labs Learning Logistics Maps Media Mobility Networks Payments
    Pharma Rail Retail Security Software Studios Systems Telecom Travel Works
"""

_FIRST, _SECOND = _FIRST_WORDS.split(), _SECOND_WORDS.split()

RECRUITING_ROLES = ("Talent partner", "Technical recruiter", "Head of talent", "Hiring manager")

TITLES = {
    published.FULL_STACK: "Full-stack developer",
    published.BACK_END: "Back-end developer",
    published.FRONT_END: "Front-end developer",
    published.DESKTOP: "Application developer",
    published.MOBILE: "Mobile developer",
    published.EMBEDDED: "Embedded developer",
    published.GAMES: "Game developer",
    published.QA: "Test engineer",
    published.DATA_SCIENTIST: "Data scientist",
    published.ANALYST: "Data analyst",
    published.DATA_ENGINEER: "Data engineer",
    published.SRE: "Site reliability engineer",
    published.DEVOPS: "DevOps engineer",
    published.SYSADMIN: "System administrator",
    published.DBA: "Database administrator",
    published.DESIGNER: "Product designer",
    published.MANAGER: "Engineering manager",
}

# Level, years from and to that it asks for, and its pay relative to the country's median.
LEVELS = (
    ("Junior", 0, 4, 0.70),
    ("", 2, 9, 1.02),
    ("", 3, 12, 1.08),
    ("Senior", 5, 20, 1.22),
    ("Senior", 6, None, 1.28),
    ("Lead", 8, None, 1.40),
)

# Roles that are looked for together.
NEIGHBOURS = {
    published.BACK_END: published.FULL_STACK,
    published.FRONT_END: published.FULL_STACK,
    published.FULL_STACK: published.BACK_END,
    published.DEVOPS: published.SRE,
    published.SRE: published.DEVOPS,
    published.SYSADMIN: published.DEVOPS,
    published.DATA_SCIENTIST: published.DATA_ENGINEER,
    published.DATA_ENGINEER: published.DATA_SCIENTIST,
    published.ANALYST: published.DATA_SCIENTIST,
}


_ROLE = Weighted(published.ROLES)
_COUNTRY = Weighted({name: country.share for name, country in COUNTRIES.items()})
_STACK = {role: Weighted(stacks) for role, stacks in published.STACKS_OF_ROLE.items()}


@dataclass(frozen=True)
class Recruiter:
    """A recruiter: their id in the system and how they sign."""

    actor: Actor
    name: str
    role: str


@dataclass(frozen=True)
class Opening:
    """A position as its employer words it."""

    title: str
    description: str
    country: str
    location: str
    remote: bool
    salary: SalaryRange
    filters: Filters


@dataclass(frozen=True)
class Company:
    """An employer before it registers."""

    id: UUID
    name: str
    country: str
    city: str
    manager: Manager
    recruiters: tuple[Recruiter, ...]
    appetite: float = field(default=1.0)
    """How much it writes, compared with others."""


def companies(seed: int, candidates: int) -> list[Company]:
    """The companies of a marketplace of this many candidates; the first is always Nordlicht."""
    rng = stream(seed, "companies")
    count = round(candidates / CANDIDATES_PER_COMPANY)
    count = min(max(count, FEWEST_COMPANIES), MOST_COMPANIES)
    managers = [_manager(rng) for _ in range(2 + count // COMPANIES_PER_MANAGER)]
    names = rng.sample([f"{first} {second}" for first in _FIRST for second in _SECOND], count)
    generated = [
        _company(rng, uuid5(DEMO, f"{seed}/employer/{n}"), names[n], managers[n % len(managers)])
        for n in range(1, count)
    ]
    return [_nordlicht(managers[0]), *generated]


def opening(rng: Random, company: Company) -> Opening:
    """A position that suits the company's country."""
    role = _ROLE.draw(rng)
    stack = published.STACKS[_STACK[role].draw(rng)]
    level, years_from, years_to, pay = rng.choice(LEVELS)
    skills = [*stack]
    required = [skills[0]]
    if rng.random() < 0.35:
        required.append(rng.choice(skills[1:5]))
    wished = rng.sample([skill for skill in skills if skill not in required], 3)
    remote = rng.random() < 0.6
    title = TITLES[role]
    if level:
        title = f"{level} {title if role == published.DEVOPS else title.lower()}"
    salary = _salary(rng, company.country, pay * published.PAY_BY_ROLE.get(role, 1.0))
    neighbour = NEIGHBOURS.get(role)
    return Opening(
        title=title,
        description=_description(company, title, required, wished, remote),
        country=company.country,
        location=f"{company.city}, {company.country}",
        remote=remote,
        salary=salary,
        filters=Filters(
            roles=(role, neighbour) if neighbour and rng.random() < 0.6 else (role,),
            required_skills=tuple(required),
            nice_to_have_skills=tuple(wished),
            years_from=float(years_from) if years_from else None,
            years_to=float(years_to) if years_to else None,
            locations=_locations(rng, company.country),
            remote=remote,
            salary_budget=salary,
            work_authorisation=_authorisation(company.country) if rng.random() < 0.12 else (),
            languages=("English",) if rng.random() < 0.25 else (),
        ),
    )


def nordlicht_openings() -> tuple[Opening, Opening]:
    """The two positions a newcomer finds: wide enough to have candidates in a small marketplace."""
    neighbours = ("Germany", "Netherlands", "Poland", "Denmark", "Sweden", "Austria")
    back_end = Opening(
        title="Back-end developer, fleet control",
        description=(
            "Our robots pick and sort in forty warehouses. You build the services that tell them "
            "where to go: Python and PostgreSQL, events rather than tables of states, and a team "
            "of eight that deploys ten times a day."
        ),
        salary=SalaryRange(minimum=70_000, maximum=98_000, currency="EUR"),
        filters=Filters(
            roles=(published.BACK_END, published.FULL_STACK),
            required_skills=("Python",),
            nice_to_have_skills=("PostgreSQL", "Docker", "AWS", "Linux"),
            years_from=2,
            locations=neighbours,
            remote=True,
            salary_budget=SalaryRange(minimum=70_000, maximum=98_000, currency="EUR"),
        ),
        country="Germany",
        location="Hamburg, Germany",
        remote=True,
    )
    reliability = Opening(
        title="Site reliability engineer",
        description=(
            "Keep forty warehouses running at night while everybody sleeps, you included: Linux, "
            "containers, and the patience to remove the cause instead of the symptom."
        ),
        salary=SalaryRange(minimum=75_000, maximum=105_000, currency="EUR"),
        filters=Filters(
            roles=(published.SRE, published.DEVOPS, published.SYSADMIN),
            required_skills=("Linux", "Docker"),
            nice_to_have_skills=("Kubernetes", "Ansible", "AWS", "Python"),
            years_from=2,
            locations=neighbours,
            remote=True,
            salary_budget=SalaryRange(minimum=75_000, maximum=105_000, currency="EUR"),
        ),
        country="Germany",
        location="Hamburg, Germany",
        remote=True,
    )
    return back_end, reliability


def company_name(rng: Random) -> str:
    """The name of some company, not necessarily one of the marketplace."""
    return f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}"


def in_currency(dollars: float, currency: str) -> Salary:
    """A yearly salary as somebody would name it, rounded to two or three digits.

    Where it comes to more than the marketplace takes, as in dong or rupiah, it is in dollars.
    """
    amount = max(round(dollars / USD_PER_UNIT[currency]), 1)
    if amount >= MOST_AMOUNT:
        amount, currency = max(round(dollars), 1), "USD"
    digits = len(str(amount))
    step = 10 ** max(digits - (2 if digits <= 5 else 3), 0)
    return Salary(amount=round(amount / step) * step, currency=currency)


def _company(rng: Random, id: UUID, name: str, manager: Manager) -> Company:
    country = _COUNTRY.draw(rng)
    slug = name.lower().replace(" ", "-")
    recruiters: list[Recruiter] = []
    for _ in range(rng.randint(1, 3)):
        given, family = person(rng, country)
        actor = _recruiting(id, f"{slug}/recruiter-{len(recruiters) + 1}")
        recruiters.append(Recruiter(actor, f"{given} {family}", rng.choice(RECRUITING_ROLES)))
    return Company(
        id=id,
        name=name,
        country=country,
        city=rng.choice(COUNTRIES[country].cities),
        manager=manager,
        recruiters=tuple(recruiters),
        appetite=rng.lognormvariate(0, 0.6),
    )


def _recruiting(employer_id: UUID, name: str) -> Actor:
    """A recruiter under the id that they have in their company's team."""
    id = str(uuid5(DEMO, f"{employer_id}/{name}"))
    return Actor(id=id, role=Role.RECRUITER, employer_id=employer_id)


def _nordlicht(manager: Manager) -> Company:
    recruiter = Recruiter(_recruiting(NORDLICHT, "kim-larsen"), "Kim Larsen", "Talent partner")
    return Company(NORDLICHT, "Nordlicht Robotics", "Germany", "Hamburg", manager, (recruiter,))


def _manager(rng: Random) -> Manager:
    given, family = person(rng, "United Kingdom")
    return Manager(name=f"{given} {family}", email=f"{given}.{family}@marketplace.example".lower())


def person(rng: Random, country: str) -> tuple[str, str]:
    """A given and a family name that are usual in a country."""
    given, family = NAMES[rng.choice(COUNTRIES[country].names)]
    return rng.choice(given), rng.choice(family)


def _salary(rng: Random, country: str, factor: float) -> SalaryRange:
    middle = COUNTRIES[country].pay * factor * rng.lognormvariate(0.12, 0.15)
    top = in_currency(middle * 1.20, COUNTRIES[country].currency)
    return SalaryRange(
        minimum=in_currency(middle * 0.88, top.currency).amount,
        maximum=top.amount,
        currency=top.currency,
    )


def _locations(rng: Random, country: str) -> tuple[str, ...]:
    if country in EUROPEAN_UNION and rng.random() < 0.7:
        others = sorted(EUROPEAN_UNION - {country})
        return (country, *rng.sample(others, rng.randint(3, 10)))
    return (country,)


def _authorisation(country: str) -> tuple[str, ...]:
    return (country, "European Union") if country in EUROPEAN_UNION else (country,)


def _description(
    company: Company, title: str, required: list[str], wished: list[str], remote: bool
) -> str:
    where = "from wherever you are" if remote else f"in {company.city}"
    return (
        f"{company.name} looks for a {title} to work {where}. You know {' and '.join(required)}; "
        f"{', '.join(wished)} would help."
    )
