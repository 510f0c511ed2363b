"""Read models whose queries read another one's tables say so, so that readers wait for both."""

import re
from inspect import getsource
from sys import modules
from types import ModuleType

from infrastructure.projecting.projection import Projection
from projections import candidate_search, interviews
from projections.adverse_impact import AdverseImpact
from projections.candidate_index import matching, reading
from projections.candidate_pool import CandidatePool
from projections.interview_list import InterviewList
from projections.read_models import read_models

QUERIES: dict[type[Projection], tuple[ModuleType, ...]] = {
    AdverseImpact: (reading,),
    CandidatePool: (candidate_search, matching),
    InterviewList: (interviews,),
}
"""Queries of a read model that stand in other modules."""


def tables(projection: Projection) -> set[str]:
    return set(re.findall(r"CREATE TABLE (\w+)", projection.TABLES))


def test_each_read_model_declares_the_others_that_its_module_reads() -> None:
    owners = {table: type(model) for model in read_models() for table in tables(model)}
    for model in read_models():
        source = getsource(modules[type(model).__module__])
        source += "".join(map(getsource, QUERIES.get(type(model), ())))
        read = {owners[t] for t in re.findall(r"(?:FROM|JOIN) (\w+)", source) if t in owners}
        assert read - {type(model)} == set(model.READS), model.name
