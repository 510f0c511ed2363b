"""`model`: rebuilds the likelihood model from the log and compares it with what was recorded."""

from typing import Annotated
from uuid import UUID

import typer

from api.cli.exit_codes import EXIT_CODES, CannotGoOn, Exit
from api.cli.terminal import progress
from api.marketplace import open_marketplace
from domain.command import NotFound
from domain.likelihood import band
from infrastructure.event_log import log_head
from infrastructure.settings import load_settings
from projections.likelihood.audit import replay as audit
from projections.likelihood.audit.replay import NotReproducible, OutreachExplanation, Replay
from projections.likelihood.audit.training_slice import Differs
from projections.likelihood.estimator.model import ESTIMATOR
from projections.likelihood.features.catalogue import FEATURE_VERSION
from projections.likelihood.projection import Likelihoods

modelling = typer.Typer(
    name="model",
    help="Audit the likelihood model: rebuild it from the log, explain what was shown.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@modelling.command(epilog=EXIT_CODES)
def at(
    position: Annotated[
        int | None,
        typer.Option(
            min=0, help="A position in the event log. Default: the last.", show_default=False
        ),
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Read the whole log, without a snapshot.")
    ] = False,
) -> None:
    """Rebuild the model as of any event, and compare it with everything recorded of it.

    That is the hash of each snapshot and of the read model's own model, and for each outreach the
    model, logit and probability that its sender saw. If a single bit differs, says where and exits
    with 1.
    """
    with (
        open_marketplace(load_settings()) as marketplace,
        marketplace.read_models.reading(Likelihoods) as db,
    ):
        last = log_head.head(db)
        wanted = last if position is None else position
        if wanted > last:
            raise typer.BadParameter(f"the log ends at position {last}", param_hint="--position")
        try:
            with progress() as report:
                rebuilt = audit.replay(
                    marketplace.store,
                    db,
                    wanted,
                    from_scratch=from_scratch,
                    progress=lambda done, total: report("Replaying the log", done, total),
                )
        except Differs as difference:
            raise CannotGoOn(str(difference)) from None
    _print_replay(rebuilt)


@modelling.command(epilog=EXIT_CODES)
def explain(
    outreach: Annotated[UUID, typer.Option(help="The id of an outreach.", show_default=False)],
) -> None:
    """Explain what the sender of an outreach saw, rebuilt from the log.

    Exits with 1 if a single bit differs from what was recorded, and with 3 if it cannot be rebuilt.
    """
    with (
        open_marketplace(load_settings()) as marketplace,
        marketplace.read_models.reading(Likelihoods) as db,
    ):
        try:
            explanation = audit.explain(marketplace.store, db, outreach)
        except NotFound as unknown:
            raise typer.BadParameter(str(unknown), param_hint="--outreach") from None
        except NotReproducible as reason:
            raise CannotGoOn(str(reason), Exit.BAD_RECORDS) from None
        except Differs as difference:
            raise CannotGoOn(str(difference)) from None
    _print_explanation(explanation)


def _print_replay(rebuilt: Replay) -> None:
    model, learner = rebuilt.model, rebuilt.learner
    begun = f"the snapshot at {rebuilt.began_at:,}" if rebuilt.began_at else "the log alone"
    agreed = ", ".join(f"{n:,} {kind}" for kind, n in sorted(rebuilt.agreed.items()))
    lines = {
        "Position": f"{rebuilt.log_position:,}, rebuilt from {begun}",
        "Hash": model.hash(),
        "Learned up to": f"event {learner.model_log_position:,}",
        "Observations": f"{model.observed:,.0f}, {model.positive:,.0f} of them answered",
        "Open": f"{len(learner.open):,} outreaches",
        "Versions": f"features {FEATURE_VERSION}, estimator {ESTIMATOR}",
        "Agrees with": agreed or "nothing: nothing was recorded on the way",
    }
    if rebuilt.not_compared:
        beyond = ", ".join(f"{n:,} {kind}" for kind, n in sorted(rebuilt.not_compared.items()))
        lines["Not compared"] = f"{beyond}: recorded by programs of other versions"
    _print_lines(lines)


def _print_explanation(explanation: OutreachExplanation) -> None:
    likelihood = explanation.likelihood
    word = band(likelihood.probability)
    _print_lines(
        {
            "Outreach": f"{explanation.outreach_id}, event {explanation.log_position:,}",
            "Sent": f"{explanation.at.isoformat()} by {explanation.sent_by}",
            "Shown": f"{likelihood.probability:.1%} ({word}), exactly {likelihood.probability!r}",
            "Logit": repr(likelihood.logit),
            "Model": f"after event {likelihood.model_position:,}, hash {likelihood.model_hash}",
            "Known": f"the log up to event {likelihood.as_of_position or 0:,}",
            "Versions": (
                f"features {likelihood.feature_version},"
                f" estimator {likelihood.estimator_version or 'not named'}"
            ),
        }
    )
    typer.echo("\nContributions in log-odds:")
    for reason in explanation.reasons:
        value = reason.value if isinstance(reason.value, str) else f"{reason.value or 0:.6g}"
        feature = f"{reason.feature} = {value}" if reason.value is not None else reason.feature
        typer.echo(f"  {reason.contribution:+.6f}  {reason.text}  [{feature}]")
    typer.echo(f"  {likelihood.logit:+.6f}  sum, bit for bit as recorded")


def _print_lines(lines: dict[str, str]) -> None:
    width = max(map(len, lines)) + 1
    for name, text in lines.items():
        typer.echo(f"{name + ':':<{width}} {text}")
