"""Read models whose queries read another one's tables say so, so that readers wait for both."""

import re
from inspect import getsource
from sys import modules
from types import ModuleType

from infrastructure.projecting.projection import Projection
from projections import candidate_search, interviews
from projections.candidate_pool import CandidatePool
from projections.interview_list import InterviewList
from projections.read_models import read_models

QUERIES: dict[type[Projection], ModuleType] = {
    CandidatePool: candidate_search,
    InterviewList: interviews,
}
"""Queries of a read model that stand in a module of their own."""


def tables(projection: Projection) -> set[str]:
    return set(re.findall(r"CREATE TABLE (\w+)", projection.TABLES))


def test_each_read_model_declares_the_others_that_its_module_reads() -> None:
    owners = {table: type(model) for model in read_models() for table in tables(model)}
    for model in read_models():
        source = getsource(modules[type(model).__module__])
        source += getsource(QUERIES[type(model)]) if type(model) in QUERIES else ""
        read = {owners[t] for t in re.findall(r"(?:FROM|JOIN) (\w+)", source) if t in owners}
        assert read - {type(model)} == set(model.READS), model.name
