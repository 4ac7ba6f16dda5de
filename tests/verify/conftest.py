"""Copies of a town that has lived, each to be broken by one test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest

import gis.db
from dispatch.audit.where import heads_file
from dispatch.cluster import Cluster, Urls

numbers = count(1)


@pytest.fixture
def copy(lived: Urls, cluster: Cluster) -> Iterator[Urls]:
    """A copy of the module's town that one test may break."""
    template = lived.app.split("?")[0].rsplit("/", 1)[1]
    heads = heads_file().read_bytes()
    name = f"v_{os.getpid()}_{next(numbers)}"
    gis.db.close()
    urls = cluster.create_database(name, template=template)
    gis.db.configure(urls.app)
    yield urls
    gis.db.close()
    cluster.drop_database(name)
    heads_file().write_bytes(heads)
    gis.db.configure(lived.app)
