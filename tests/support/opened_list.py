"""A position whose list of passive candidates a test knows."""

from tests.support.stage import Scene


def opening(scene: Scene, *names: str) -> tuple[str, list[str]]:
    """A position, and candidates that only its list shows, the latest active first."""
    skill = f"Skill {names[0]} {scene.employer_id[:8]}"
    people = [
        scene.member(name, silent_days=300 + number, skills=(skill,))
        for number, name in enumerate(names)
    ]
    return scene.position(required_skills=[skill]), people


def feed(position: str) -> str:
    """The address of that list."""
    return f"/positions/{position}/passive-candidates?sort=last_active"
