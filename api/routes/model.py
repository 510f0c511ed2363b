"""The likelihood model for analysts: what it has learned from, and how far."""

from fastapi import APIRouter

from api.caller import Analyst
from projections import likelihood
from projections.likelihood import Likelihoods, ModelCard

router = APIRouter(prefix="/model", tags=["Model"])


@router.get("")
def read_model(caller: Analyst) -> ModelCard:
    """The model as it is now."""
    with caller.reading(Likelihoods) as db:
        return likelihood.model_card(db)
