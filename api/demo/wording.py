"""What people of the demo write, in their own language if the letter's is not theirs."""

from random import Random

from api.demo.published import COUNTRIES
from domain.outreach_events import DeclineReason
from domain.profile import Facts

ENGLISH = "English"
OWN_LANGUAGE = 0.4
"""How often people who speak English as well write in their own language."""

QUESTION, YES, YES_NOW, LATER, THANKS = "question", "yes", "yes_now", "later", "thanks"
NO, HELLO, BYE = "no", "hello", "bye"

TEXTS: dict[str, dict[str, tuple[str, ...]]] = {
    ENGLISH: {
        HELLO: ("Hello {name},", "Hi {name},", "Dear {name},"),
        QUESTION: (
            "this does sound like my kind of work. How many days a week would I be in the office?",
            "thank you for writing. How large is the team, and who would I report to?",
            "you caught my attention. What does the stack look like, and what would come first?",
        ),
        YES: (
            "this sounds interesting. I have time for a call on Tuesday or Thursday afternoon.",
            "gladly. I was not looking, but this fits well. When would suit you?",
            "yes, let's talk. Evenings after six are best for me.",
        ),
        YES_NOW: (
            "Thanks, that answers it. Let's find a time to talk.",
            "Good to know. I would like to hear more, when do you have time?",
        ),
        LATER: (
            "We have a release to finish first. Please ask me again then.",
            "Not at the moment, I have only just taken on a new project.",
        ),
        THANKS: (
            "Perfect, thank you. I look forward to it.",
            "Great, that works for me. Until then!",
        ),
        NO: (
            "Thank you, but I am not interested. All the best for your search.",
            "No, thank you. I am not looking for anything new.",
        ),
        BYE: ("Best regards\n{me}", "Kind regards,\n{me}", "{me}"),
    },
    "German": {
        HELLO: ("Hallo {name},", "Guten Tag {name},"),
        QUESTION: (
            "das klingt nach einer Aufgabe für mich. Wie viele Tage die Woche wäre ich im Büro?",
            "danke für die Nachricht. Wie groß ist das Team, und an wen würde ich berichten?",
        ),
        YES: (
            "das klingt interessant. Am Dienstag oder Donnerstag Nachmittag hätte ich Zeit.",
            "gerne. Ich war nicht auf der Suche, aber das passt gut. Wann können wir sprechen?",
        ),
        YES_NOW: (
            "Danke, das beantwortet meine Frage. Wann können wir sprechen?",
            "Gut zu wissen, ich möchte gerne mehr hören.",
        ),
        LATER: ("Im Moment nicht, wir haben gerade ein neues Projekt begonnen.",),
        THANKS: ("Perfekt, danke. Ich freue mich darauf.", "Das passt mir gut. Bis dann!"),
        NO: (
            "Danke, aber ich habe kein Interesse. Viel Erfolg bei der Suche.",
            "Nein, danke. Ich bin zufrieden, wo ich bin.",
        ),
        BYE: ("Viele Grüße\n{me}", "Mit freundlichen Grüßen\n{me}"),
    },
    "French": {
        HELLO: ("Bonjour {name},",),
        QUESTION: (
            "le poste me parle. Combien de jours par semaine faudrait-il être au bureau ?",
            "merci pour votre message. Quelle est la taille de l'équipe ?",
        ),
        YES: (
            "avec plaisir. Je suis disponible mardi ou jeudi après-midi.",
            "votre offre m'intéresse. Quand pouvons-nous en parler ?",
        ),
        YES_NOW: ("Merci, c'est clair. Parlons-en, quand êtes-vous disponible ?",),
        LATER: ("Pas maintenant, je viens de commencer un nouveau projet.",),
        THANKS: ("Parfait, merci. À bientôt !",),
        NO: (
            "Non merci. Je suis bien là où je suis.",
            "Non, merci. Bonne chance pour votre recherche.",
        ),
        BYE: ("Cordialement\n{me}", "Bien à vous\n{me}"),
    },
    "Spanish": {
        HELLO: ("Hola {name}:",),
        QUESTION: (
            "me llama la atención. ¿Cuántos días a la semana habría que ir a la oficina?",
            "gracias por escribir. ¿Cómo es el equipo?",
        ),
        YES: (
            "me interesa. Puedo hablar el martes o el jueves por la tarde.",
            "con mucho gusto. ¿Cuándo le viene bien?",
        ),
        YES_NOW: ("Gracias, queda claro. ¿Cuándo podemos hablar?",),
        LATER: ("Ahora no, acabo de empezar un proyecto nuevo.",),
        THANKS: ("Perfecto, muchas gracias. ¡Hasta entonces!",),
        NO: ("No, gracias. Estoy bien donde estoy.", "Gracias, pero no me interesa."),
        BYE: ("Un saludo,\n{me}",),
    },
}

WHY_NOT: dict[DeclineReason, tuple[str, ...]] = {
    DeclineReason.NOT_LOOKING: ("I am happy where I am.", "I have just started something new."),
    DeclineReason.SALARY: (
        "The pay is below what I earn now.",
        "For that salary I would not move.",
    ),
    DeclineReason.LOCATION: (
        "The place does not work for my family.",
        "I would not move for it, and commuting is too far.",
    ),
    DeclineReason.ROLE: ("I want to get away from this kind of work.", "Too junior for me."),
    DeclineReason.COMPANY: ("I know the company, and it is not for me.",),
    DeclineReason.OTHER: ("The timing is wrong for personal reasons.",),
}


def language_of(rng: Random, facts: Facts) -> str:
    """The language that somebody writes in."""
    country = COUNTRIES.get(facts.country or "")
    own = country.language if country else ENGLISH
    speaks_english = not facts.languages or ENGLISH in facts.languages
    if own not in TEXTS or (speaks_english and rng.random() >= OWN_LANGUAGE):
        return ENGLISH
    return own


def letter(rng: Random, language: str, what: str, name: str, me: str) -> str:
    """A mail that a person writes to the sender of a letter."""
    texts = TEXTS[language]
    hello = rng.choice(texts[HELLO]).format(name=name)
    bye = rng.choice(texts[BYE]).format(me=me.partition(" ")[0])
    return f"{hello}\n\n{_begun(rng.choice(texts[what]), hello)}\n\n{bye}"


def note(rng: Random, language: str, what: str) -> str:
    """A few words beside a button."""
    words = rng.choice(TEXTS[language][what])
    return words[0].upper() + words[1:]


def why_not(rng: Random, reason: DeclineReason) -> str:
    """A few words beside a no."""
    return rng.choice(WHY_NOT[reason])


def _begun(text: str, hello: str) -> str:
    """English begins with a capital letter after the greeting."""
    return text[0].upper() + text[1:] if hello.startswith(("Hello", "Hi", "Dear")) else text
