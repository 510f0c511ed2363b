"""What is publicly known about developers, as the tables that the demo draws people from.

The numbers are rounded on purpose: they make a marketplace that looks right, they are not there to
be quoted. Each table names its source; "SO 2019" is the Stack Overflow Developer Survey 2019
(https://survey.stackoverflow.co/2019, 88,883 answers, ODbL), whose names for roles and skills are
used throughout.
"""

from typing import NamedTuple

FULL_STACK = "Developer, full-stack"
BACK_END = "Developer, back-end"
FRONT_END = "Developer, front-end"
DESKTOP = "Developer, desktop or enterprise applications"
MOBILE = "Developer, mobile"
EMBEDDED = "Developer, embedded applications or devices"
GAMES = "Developer, game or graphics"
QA = "Developer, QA or test"
DATA_SCIENTIST = "Data scientist or machine learning specialist"
ANALYST = "Data or business analyst"
DATA_ENGINEER = "Engineer, data"
SRE = "Engineer, site reliability"
DEVOPS = "DevOps specialist"
SYSADMIN = "System administrator"
DBA = "Database administrator"
DESIGNER = "Designer"
MANAGER = "Engineering manager"

# Source: SO 2019, "Developer Type", percent of 81,335 answers (several could be chosen). Students,
# teachers and scientists are left out: a marketplace for hiring developers has few of them.
ROLES = {
    FULL_STACK: 52, BACK_END: 50, FRONT_END: 33, DESKTOP: 21, MOBILE: 18, DBA: 12, DEVOPS: 12,
    SYSADMIN: 11, DESIGNER: 11, EMBEDDED: 9, DATA_SCIENTIST: 8, QA: 8, ANALYST: 8,
    DATA_ENGINEER: 7, MANAGER: 6, GAMES: 6, SRE: 4,
}  # fmt: skip

# Source: own count over 997 public answers of SO 2019: of those with the role, how many percent
# chose the other one as well; to the nearest 5, the most frequent only.
ALSO = {
    FULL_STACK: {BACK_END: 50, FRONT_END: 40, DESKTOP: 25, MOBILE: 20, DEVOPS: 15},
    BACK_END: {FULL_STACK: 55, FRONT_END: 30, DESKTOP: 30, DEVOPS: 15, DBA: 15},
    FRONT_END: {FULL_STACK: 60, BACK_END: 40, DESIGNER: 20, MOBILE: 20},
    DESKTOP: {BACK_END: 50, FULL_STACK: 50, MOBILE: 20},
    MOBILE: {FULL_STACK: 45, BACK_END: 40, FRONT_END: 35},
    DBA: {BACK_END: 65, FULL_STACK: 50, SYSADMIN: 40},
    DEVOPS: {BACK_END: 60, FULL_STACK: 50, SYSADMIN: 35, SRE: 15},
    SYSADMIN: {BACK_END: 50, DEVOPS: 40, DBA: 40},
    DESIGNER: {FRONT_END: 65, FULL_STACK: 50},
    EMBEDDED: {DESKTOP: 55, BACK_END: 40},
    DATA_SCIENTIST: {BACK_END: 35, ANALYST: 35, DATA_ENGINEER: 30},
    QA: {BACK_END: 40, FULL_STACK: 40},
    ANALYST: {DATA_SCIENTIST: 40, DBA: 35, BACK_END: 35},
    DATA_ENGINEER: {BACK_END: 55, DATA_SCIENTIST: 35, DBA: 20},
    MANAGER: {FULL_STACK: 50, BACK_END: 45, DEVOPS: 20},
    GAMES: {DESKTOP: 50, FULL_STACK: 35},
    SRE: {DEVOPS: 55, SYSADMIN: 50, BACK_END: 50},
}  # fmt: skip

# Source: own counts over 997 public answers of SO 2019: of those who use the first skill of a way
# of working, how many percent use the others; to the nearest 5, and drawn towards what the way of
# working is named for. What was "used last year" is taken for a skill.
STACKS = {
    "python": {"Python": 95, "Django": 45, "Flask": 40, "PostgreSQL": 60, "SQL": 70, "Linux": 70,
               "Docker": 50, "JavaScript": 70, "HTML/CSS": 70, "AWS": 40, "Redis": 30,
               "Bash/Shell/PowerShell": 50, "React.js": 35, "MySQL": 40, "MongoDB": 25},
    "javascript": {"JavaScript": 95, "HTML/CSS": 90, "Node.js": 80, "React.js": 70,
                   "TypeScript": 50, "Express": 50, "MongoDB": 40, "Docker": 40, "AWS": 40,
                   "PostgreSQL": 35, "MySQL": 45, "SQL": 55, "Redis": 20, "Vue.js": 25,
                   "jQuery": 40, "React Native": 20},
    "angular": {"Angular/Angular.js": 95, "JavaScript": 90, "TypeScript": 75, "HTML/CSS": 85,
                "SQL": 65, "Node.js": 55, "jQuery": 50, "Java": 35, "C#": 40, "Docker": 35,
                "Microsoft SQL Server": 35},
    "jvm": {"Java": 95, "Spring": 60, "SQL": 65, "Linux": 60, "Docker": 45, "PostgreSQL": 45,
            "MySQL": 50, "JavaScript": 65, "HTML/CSS": 60, "Oracle": 35, "AWS": 40, "Kotlin": 20,
            "Scala": 10, "Bash/Shell/PowerShell": 40, "Angular/Angular.js": 30,
            "Elasticsearch": 20, "Kubernetes": 15},
    "dotnet": {"C#": 95, ".NET": 75, "ASP.NET": 60, ".NET Core": 50, "Microsoft SQL Server": 70,
               "SQL": 70, "JavaScript": 75, "HTML/CSS": 70, "jQuery": 50,
               "Microsoft Azure": 30, "TypeScript": 35, "Angular/Angular.js": 30, "Docker": 20,
               "Bash/Shell/PowerShell": 35},
    "php": {"PHP": 95, "MySQL": 85, "JavaScript": 85, "HTML/CSS": 90, "SQL": 75, "jQuery": 60,
            "Laravel": 35, "WordPress": 35, "Linux": 55, "MariaDB": 35, "Docker": 30,
            "Vue.js": 25, "Redis": 20, "Node.js": 35},
    "ruby": {"Ruby": 95, "Ruby on Rails": 75, "PostgreSQL": 65, "JavaScript": 80, "HTML/CSS": 65,
             "SQL": 65, "Redis": 40, "Docker": 50, "AWS": 45, "Heroku": 35, "React.js": 35,
             "Linux": 60, "Elasticsearch": 25},
    "go": {"Go": 95, "Docker": 75, "Linux": 80, "Kubernetes": 45, "PostgreSQL": 55, "Redis": 40,
           "AWS": 45, "Python": 50, "SQL": 60, "Bash/Shell/PowerShell": 60,
           "Google Cloud Platform": 30, "JavaScript": 50},
    "cloud": {"Linux": 90, "Docker": 80, "Bash/Shell/PowerShell": 80, "AWS": 65,
              "Kubernetes": 50, "Python": 60, "Ansible": 45, "SQL": 50, "PostgreSQL": 40,
              "Redis": 35, "Google Cloud Platform": 25, "Microsoft Azure": 25, "Go": 25,
              "Elasticsearch": 30},
    "data": {"Python": 90, "SQL": 75, "Pandas": 60, "TensorFlow": 35, "R": 35, "Linux": 65,
             "PostgreSQL": 45, "Apache Spark": 25, "Docker": 40, "AWS": 35, "Torch/PyTorch": 25,
             "Bash/Shell/PowerShell": 45, "MySQL": 40, "Google Cloud Platform": 25, "Hadoop": 15},
    "database": {"SQL": 95, "Microsoft SQL Server": 55, "MySQL": 60, "PostgreSQL": 50,
                 "Oracle": 40, "Linux": 55, "Python": 40, "Bash/Shell/PowerShell": 45,
                 "MongoDB": 25, "Redis": 20},
    "android": {"Android": 95, "Java": 80, "Kotlin": 55, "SQLite": 60, "Firebase": 50, "SQL": 50,
                "JavaScript": 50, "HTML/CSS": 45, "Flutter": 15},
    "ios": {"Swift": 90, "iOS": 90, "Objective-C": 50, "Firebase": 40, "SQLite": 40,
            "JavaScript": 45, "HTML/CSS": 40, "React Native": 20},
    "systems": {"C++": 90, "C": 65, "Linux": 70, "Python": 65, "Bash/Shell/PowerShell": 45,
                "Arduino": 25, "Raspberry Pi": 25, "Assembly": 20, "Rust": 15, "SQL": 30,
                "C#": 25},
    "games": {"C#": 70, "C++": 65, "Unity 3D": 60, "Unreal Engine": 25, "Python": 35,
              "JavaScript": 40, "SQL": 25},
}  # fmt: skip

# Source: own judgement on top of SO 2019's most used technologies by developer type; weights.
STACKS_OF_ROLE = {
    FULL_STACK: {"javascript": 30, "python": 14, "dotnet": 20, "php": 13, "jvm": 13, "angular": 8,
                 "ruby": 6},
    BACK_END: {"python": 22, "jvm": 26, "dotnet": 20, "php": 11, "go": 9, "javascript": 9,
               "ruby": 5},
    FRONT_END: {"javascript": 60, "angular": 28, "php": 12},
    DESKTOP: {"dotnet": 50, "jvm": 25, "systems": 25},
    MOBILE: {"android": 55, "ios": 35, "javascript": 10},
    DBA: {"database": 100},
    DEVOPS: {"cloud": 85, "go": 15},
    SYSADMIN: {"cloud": 70, "database": 30},
    DESIGNER: {"javascript": 70, "php": 30},
    EMBEDDED: {"systems": 100},
    DATA_SCIENTIST: {"data": 100},
    QA: {"jvm": 40, "dotnet": 30, "python": 30},
    ANALYST: {"data": 55, "database": 45},
    DATA_ENGINEER: {"data": 75, "jvm": 25},
    MANAGER: {"jvm": 30, "cloud": 25, "javascript": 25, "dotnet": 20},
    GAMES: {"games": 100},
    SRE: {"cloud": 80, "go": 20},
}  # fmt: skip

# Source: own count over 842 public answers of SO 2019, "years of professional coding": from, to
# (exclusive), percent.
YEARS = ((0, 1, 5.6), (1, 3, 16.6), (3, 5, 17.6), (5, 10, 28.0), (10, 15, 14.4), (15, 20, 7.8),
         (20, 30, 8.4), (30, 40, 1.6))  # fmt: skip

# Source: own count over 563 public answers of SO 2019: median pay relative to that of the country,
# by years of professional coding (up to, exclusive).
PAY_BY_YEARS = ((3, 0.60), (6, 0.94), (10, 1.11), (15, 1.17), (99, 1.25))

# Source: as above, by role; roles within five percent of the median are left out.
PAY_BY_ROLE = {
    DATA_ENGINEER: 1.20, SRE: 1.17, MANAGER: 1.28, DEVOPS: 1.08, DBA: 0.87, DESIGNER: 0.93,
}  # fmt: skip

PAY_SPREAD = 0.30
"""Standard deviation of the logarithm of pay within country, role and experience."""

# Source: Stack Overflow Developer Survey 2024, "Work situation": 38 % remote, 42 % hybrid, 20 % in
# person; half of the hybrid are taken to be open to remote work, and a tenth of the others not.
OPEN_TO_REMOTE = 0.55


class Country(NamedTuple):
    """How many developers live there, what they earn, and what they are called."""

    share: float
    """Percent of the answers."""
    currency: str
    pay: int
    """Median yearly pay of a developer, in US dollars."""
    language: str
    names: tuple[str, ...]
    """Keys of `names.NAMES`, each as likely as the others."""
    cities: tuple[str, ...]


# Source: shares from SO 2019's number of answers by country. Pay: the medians of own counts over
# SO 2019 where it has ten or more answers, elsewhere set beside neighbours; to the nearest 1,000
# and brought up by a tenth for the years since.
COUNTRIES = {
    "United States": Country(23.6, "USD", 115_000, "English",
        ("english", "english", "english", "spanish", "indian", "chinese"),
        ("New York", "San Francisco", "Seattle", "Austin", "Chicago", "Boston", "Denver")),
    "India": Country(10.2, "INR", 12_000, "Hindi", ("indian",),
        ("Bengaluru", "Hyderabad", "Pune", "Mumbai", "Delhi", "Chennai")),
    "Germany": Country(6.6, "EUR", 68_000, "German", ("german", "german", "german", "turkish"),
        ("Berlin", "Munich", "Hamburg", "Cologne", "Frankfurt", "Leipzig")),
    "United Kingdom": Country(6.5, "GBP", 62_000, "English",
        ("english", "english", "english", "indian"),
        ("London", "Manchester", "Bristol", "Edinburgh", "Leeds")),
    "Canada": Country(3.8, "CAD", 72_000, "English", ("english", "english", "french", "chinese"),
        ("Toronto", "Vancouver", "Montreal", "Ottawa")),
    "France": Country(2.7, "EUR", 52_000, "French", ("french", "french", "french", "arabic"),
        ("Paris", "Lyon", "Toulouse", "Nantes")),
    "Brazil": Country(2.2, "BRL", 19_000, "Portuguese", ("portuguese",),
        ("São Paulo", "Rio de Janeiro", "Curitiba", "Recife")),
    "Poland": Country(2.2, "PLN", 36_000, "Polish", ("polish",),
        ("Warsaw", "Kraków", "Wrocław", "Gdańsk")),
    "Australia": Country(2.1, "AUD", 74_000, "English", ("english", "english", "chinese"),
        ("Sydney", "Melbourne", "Brisbane")),
    "Netherlands": Country(2.1, "EUR", 56_000, "Dutch", ("dutch", "dutch", "turkish"),
        ("Amsterdam", "Rotterdam", "Utrecht", "Eindhoven")),
    "Russia": Country(1.9, "RUB", 24_000, "Russian", ("russian",),
        ("Moscow", "Saint Petersburg", "Novosibirsk")),
    "Spain": Country(1.8, "EUR", 44_000, "Spanish", ("spanish",),
        ("Madrid", "Barcelona", "Valencia", "Málaga")),
    "Italy": Country(1.8, "EUR", 38_000, "Italian", ("italian",),
        ("Milan", "Rome", "Turin", "Bologna")),
    "Sweden": Country(1.4, "SEK", 62_000, "Swedish", ("nordic",),
        ("Stockholm", "Gothenburg", "Malmö")),
    "Switzerland": Country(1.1, "CHF", 95_000, "German", ("german", "french", "italian"),
        ("Zurich", "Geneva", "Basel", "Bern")),
    "Israel": Country(1.1, "ILS", 85_000, "Hebrew", ("hebrew",), ("Tel Aviv", "Haifa")),
    "Türkiye": Country(1.1, "TRY", 22_000, "Turkish", ("turkish",),
        ("Istanbul", "Ankara", "Izmir")),
    "Pakistan": Country(1.0, "PKR", 9_000, "Urdu", ("pakistani",),
        ("Lahore", "Karachi", "Islamabad")),
    "Ukraine": Country(1.0, "UAH", 34_000, "Ukrainian", ("ukrainian",),
        ("Kyiv", "Lviv", "Kharkiv")),
    "Austria": Country(0.9, "EUR", 58_000, "German", ("german",), ("Vienna", "Graz", "Linz")),
    "Czechia": Country(0.9, "CZK", 42_000, "Czech", ("czech",), ("Prague", "Brno")),
    "Romania": Country(0.9, "RON", 34_000, "Romanian", ("romanian",),
        ("Bucharest", "Cluj-Napoca", "Iași")),
    "Belgium": Country(0.8, "EUR", 54_000, "Dutch", ("dutch", "french"), ("Brussels", "Ghent")),
    "South Africa": Country(0.8, "ZAR", 40_000, "English", ("african", "english", "dutch"),
        ("Cape Town", "Johannesburg")),
    "Mexico": Country(0.7, "MXN", 26_000, "Spanish", ("spanish",),
        ("Mexico City", "Guadalajara", "Monterrey")),
    "New Zealand": Country(0.7, "NZD", 72_000, "English", ("english",), ("Auckland", "Wellington")),
    "Denmark": Country(0.7, "DKK", 80_000, "Danish", ("nordic",), ("Copenhagen", "Aarhus")),
    "Hungary": Country(0.6, "HUF", 36_000, "Hungarian", ("hungarian",), ("Budapest", "Debrecen")),
    "Norway": Country(0.6, "NOK", 82_000, "Norwegian", ("nordic",), ("Oslo", "Bergen")),
    "Portugal": Country(0.6, "EUR", 38_000, "Portuguese", ("portuguese",), ("Lisbon", "Porto")),
    "Finland": Country(0.6, "EUR", 60_000, "Finnish", ("finnish", "nordic"),
        ("Helsinki", "Tampere")),
    "Ireland": Country(0.6, "EUR", 68_000, "English", ("english",), ("Dublin", "Cork")),
    "China": Country(0.7, "CNY", 42_000, "Chinese", ("chinese",),
        ("Shanghai", "Shenzhen", "Beijing")),
    "Nigeria": Country(0.6, "NGN", 9_000, "English", ("african",), ("Lagos", "Abuja")),
    "Indonesia": Country(0.6, "IDR", 11_000, "Indonesian", ("indonesian",), ("Jakarta", "Bandung")),
    "Japan": Country(0.5, "JPY", 55_000, "Japanese", ("japanese",), ("Tokyo", "Osaka")),
    "Vietnam": Country(0.4, "VND", 13_000, "Vietnamese", ("vietnamese",),
        ("Ho Chi Minh City", "Hanoi")),
    "Singapore": Country(0.4, "SGD", 60_000, "English", ("chinese", "indian"), ("Singapore",)),
    "Philippines": Country(0.4, "PHP", 12_000, "Filipino", ("spanish",), ("Manila", "Cebu")),
    "South Korea": Country(0.3, "KRW", 48_000, "Korean", ("korean",), ("Seoul", "Busan")),
}  # fmt: skip

EUROPEAN_UNION = frozenset({
    "Austria", "Belgium", "Czechia", "Denmark", "Finland", "France", "Germany", "Hungary",
    "Ireland", "Italy", "Netherlands", "Poland", "Portugal", "Romania", "Spain", "Sweden",
})  # fmt: skip
