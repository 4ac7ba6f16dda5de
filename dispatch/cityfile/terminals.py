"""`terminals.csv`: the networks and certificates a terminal is bound to; of units without one, by when, and who
receives for them."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import ip_network

from dispatch.cityfile.cells import Cells
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles, ConnectionRow
from gis.db import Tx, execute, execute_many

__all__ = ["FILE", "WANTED", "check_terminals", "load_terminals", "read_connection"]

FILE = "terminals.csv"
WANTED = ("unit", "networks", "connect_by", "proxy")  # and certificates, which may be left out
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
CONNECTION = """
    INSERT INTO connection (unit_id, networks, certificates, connect_by, proxy)
    VALUES (%(unit)s, %(networks)s, %(certificates)s, %(connect_by)s, %(proxy)s)
"""


def read_connection(cells: Cells) -> ConnectionRow | None:
    """How one unit is connected; None, with its faults, if it cannot be read."""
    row = ConnectionRow(
        row=cells.row,
        unit=cells.needed("unit"),
        networks=cells.several("networks"),
        certificates=tuple(word.replace(":", "").lower() for word in cells.several("certificates")),
        connect_by=cells.day("connect_by"),
        proxy=cells.text("proxy"),
    )
    return row if cells.good else None


def check_terminals(city: CityFiles, faults: Faults) -> None:
    """Known units once; networks in CIDR; fingerprints of SHA-256; who has no terminal yet has a day and a proxy, who
    has one has neither."""
    units = {row.id: row for row in city.units}
    counts = Counter(row.unit for row in city.connections)
    for row in city.connections:
        if row.unit not in units:
            faults.error(FILE, row.row, f"unknown unit {row.unit}")
            continue
        if counts[row.unit] > 1:
            faults.error(FILE, row.row, f"unit {row.unit} is given twice")
        _check_networks(row, faults)
        for fingerprint in row.certificates:
            if not FINGERPRINT.fullmatch(fingerprint):
                faults.error(FILE, row.row, f"{fingerprint} is no SHA-256 of a certificate: 64 hexadecimal digits")
        if units[row.unit].terminal and (row.connect_by or row.proxy):
            faults.error(FILE, row.row, f"{row.unit} has a terminal: it needs neither connect_by nor proxy")
        if not units[row.unit].terminal and not (row.connect_by and row.proxy):
            faults.error(FILE, row.row, f"{row.unit} has no terminal yet: it wants connect_by and proxy")


def _check_networks(row: ConnectionRow, faults: Faults) -> None:
    for network in row.networks:
        try:
            ip_network(network)
        except ValueError:
            faults.error(FILE, row.row, f"{network} is no network: it wants 10.20.0.0/16 or one address")


def load_terminals(tx: Tx, city: CityFiles) -> Counter[str]:
    """All anew if anything differs: nothing points to a row."""
    wanted = {
        row.unit: (list(row.networks), list(row.certificates), row.connect_by, row.proxy) for row in city.connections
    }
    found = tx.connection.execute("SELECT unit_id, networks, certificates, connect_by, proxy FROM connection")
    if wanted == {unit: tuple(said) for unit, *said in found}:
        return Counter()
    execute(tx, "DELETE FROM connection")
    names = ("unit", "networks", "certificates", "connect_by", "proxy")
    execute_many(tx, CONNECTION, [dict(zip(names, (unit, *said), strict=True)) for unit, said in wanted.items()])
    return Counter(connections=len(wanted) or 1)
