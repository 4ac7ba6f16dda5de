"""A PDF is a stranger's program until it is shown to be pages only; and its hash is no right to it."""

from __future__ import annotations

import re
import resource
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from dispatch.config import settings
from dispatch.evidence import documents, pdf
from dispatch.evidence.documents import LARGEST, check, plain_name
from gis.problems import FormIncomplete, TooLarge, Unavailable
from tests.attack.conftest import Enter, Office
from tests.evidence import papers
from tests.evidence.papers import compressed, numbered, object_stream, opening, paper

ROOT = b"<< /Type /Catalog /Pages 2 0 R >>"
OPENS = b"<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>"


def refused(raw: bytes) -> str:
    with pytest.raises(FormIncomplete) as refusal:
        check(raw, "x.pdf")
    return str(refusal.value.extra["document"])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no_pdf"),
        (b"GIF89a", "no_pdf"),
        (b"<html><script>1</script>" + paper(), "no_pdf"),  # a page before it
        (paper() + b"PK\3\4 an archive behind it", "no_pdf"),
        (paper().replace(b"%PDF-1.", b"%PDF-9."), "no_pdf"),
        (b"%PDF-1.7\n%%EOF", "damaged"),
        (b"%PDF-1.7\n" + b"<" * 100_000 + b"\n%%EOF", "damaged"),
        (paper(1, papers.script), "active"),
        (paper(1, papers.launch), "active"),
        (paper(1, papers.form_that_sends), "active"),
        (paper(1, opening(b"<< /S /URI /URI (http://x.example/) >>")), "active"),
        (paper(1, opening(b"<< /S /Named /N /Print >>")), "active"),
        (paper(1, opening(b"<< /S /GoTo /D [0 /Fit] /Next << /S /URI /URI (x) >> >>")), "active"),
        (paper(1, papers.asks_when_shown), "active"),
        (paper(1, papers.attached), "embedded"),
        (paper(1, papers.bytes_elsewhere), "embedded"),
        (paper(1, papers.locked), "encrypted"),
        (paper(1, papers.circle), "damaged"),
        (paper(pdf.PAGES + 1), "pages"),
        (compressed({4: b"<< /S /JavaScript /JS (app.alert(1)) >>", 5: OPENS}, 5), "active"),
        (compressed({4: b"<< /S /Java#53cript /JS (app.alert(1)) >>", 5: OPENS}, 5), "active"),
        (compressed({4: b"/Launch", 5: ROOT, 8: b"<< /S 4 0 R /F (cmd.exe) >>"}, 5), "active"),
        (compressed({4: b"<< /Type /Filespec /EF << /F 3 0 R >> >>", 5: ROOT}, 5), "embedded"),  # nobody points at it
        (compressed({5: b"<< /Pages 2 0 R /X " + b"[" * 100_000 + b"]" * 100_000 + b" >>"}, 5), "damaged"),
    ],
)
def test_what_is_more_than_pages_is_refused(raw: bytes, why: str) -> None:
    assert refused(raw) == why


def test_a_script_is_found_where_a_viewer_that_mends_the_file_would_find_it() -> None:
    hidden = b"\n9 0 obj\n<< /S /Java#53cript /JS (1) >>\nendobj\n%%EOF\n"  # no table names it
    assert refused(paper() + hidden) == "active"


HIDDEN = object_stream({9: b"<< /S /JavaScript /JS (1) >>", 10: OPENS})


@pytest.mark.parametrize("stream", [HIDDEN, HIDDEN.replace(b"/ObjStm", b"/Obj#53tm")])
def test_a_compressed_stream_that_no_table_names_is_not_passed_over(stream: bytes) -> None:
    """A viewer that mends the file unpacks it: a second root, and a script."""
    assert refused(paper() + numbered(11, stream) + b"%%EOF\n") == "damaged"
    assert refused(compressed({5: ROOT}, 5, behind=numbered(11, stream))) == "damaged"
    assert refused(compressed({5: ROOT}, 5, behind=numbered(6, stream))) == "damaged"  # by the number of one it names


def test_what_lies_in_a_compressed_stream_unnamed_is_read_too() -> None:
    assert refused(compressed({5: ROOT, 40: b"<< /S /JavaScript >>"}, 5)) == "active"


def test_a_bomb_bursts_where_it_hurts_nobody() -> None:
    began = time.monotonic()
    assert refused(compressed({5: ROOT}, 5, padding=300_000_000)) == "damaged"
    assert time.monotonic() - began < 30


def test_pages_are_counted_whatever_the_file_says() -> None:
    assert check(paper(2, papers.boast), "x.pdf").pages == 2
    assert check(paper(pdf.PAGES), "x.pdf").pages == pdf.PAGES
    assert check(compressed({5: ROOT}, 5), "x.pdf").pages == 1


def test_an_ordinary_link_is_no_action() -> None:
    assert check(paper(1, papers.link), "x.pdf").pages == 1


@pytest.mark.parametrize("opens", [b"[3 0 R /Fit]", b"<< /S /GoTo /D [3 0 R /Fit] >>"])
def test_it_may_open_at_a_place_of_its_own(opens: bytes) -> None:
    assert check(compressed({4: opens, 5: OPENS}, 5), "x.pdf").pages == 1


def test_whoever_finds_no_turn_is_told_so_and_holds_no_thread() -> None:
    with ExitStack() as busy:
        for _ in range(2):
            busy.enter_context(documents._checkers.taken())
        began = time.monotonic()
        with pytest.raises(Unavailable, match="nothing is lost"):
            check(paper(), "x.pdf")
        assert time.monotonic() - began < 4
    for _ in range(3):  # a check that was refused gave its turn back
        assert refused(b"%PDF-1.7\n%%EOF") == "damaged"
    assert check(paper(), "x.pdf").pages == 1


def test_without_room_for_one_more_process_it_may_be_sent_again() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(Unavailable, match="try again"):
            check(paper(), "x.pdf")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_too_large_is_refused_before_anybody_reads_it() -> None:
    with pytest.raises(TooLarge):
        check(b"%PDF-1.7" + b"0" * LARGEST, "x.pdf")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\boot.ini", "boot.ini.pdf"),
        ("会议纪要.pdf", "会议纪要.pdf"),
        ("re\u202efdp.exe", "refdp.exe.pdf"),
        ("a\r\nset-cookie: x\0.PDF", "aset-cookie x.pdf"),
        ("..", "document.pdf"),
        ("", "document.pdf"),
        ("长" * 300, "长" * 76 + ".pdf"),
    ],
)
def test_a_name_is_a_word_and_no_path(name: str, plain: str) -> None:
    assert plain_name(name).replace(":", "") == plain


# ── over the wire ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def files() -> Path:
    return settings().data / "documents"


def test_it_comes_back_as_a_download_and_nothing_else(office: Office, enter: Enter, files: Path) -> None:
    unit = enter("enforcement-a")
    raw = paper(3)
    answer = unit.post("/api/v1/documents", files={"document": ("../纪要.pdf", raw, "text/html")})
    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert said == {"sha256": said["sha256"], "name": "纪要.pdf", "bytes": len(raw), "pages": 3}
    assert (files / said["sha256"][:2] / said["sha256"]).read_bytes() == raw

    back = unit.get(f"/api/v1/documents/{said['sha256']}")
    assert back.content == raw
    assert back.headers["content-type"] == "application/pdf"
    assert back.headers["content-disposition"].startswith("attachment;")
    assert back.headers["x-content-type-options"] == "nosniff"
    assert re.match("sandbox; default-src 'none'", back.headers["content-security-policy"])


@pytest.mark.parametrize("name", ["..%2f..%2fpostgres", "0" * 63, "A" * 64, "0" * 64])
def test_what_is_no_hash_leads_nowhere(enter: Enter, name: str) -> None:
    assert enter("dispatcher").get(f"/api/v1/documents/{name}").status_code == 404


def test_a_stranger_and_a_citizen_send_nothing(enter: Enter) -> None:
    answer = enter("").post("/api/v1/documents", files={"document": ("x.pdf", paper(), "application/pdf")})
    assert answer.status_code in (401, 403)


def test_an_act_names_two_and_no_more(office: Office, enter: Enter) -> None:
    case, unit = office.town.handling(), enter("enforcement-a")
    asked = {"action": "ask_delay", "key": "1" * 8 + "-0000-4000-8000-" + "0" * 12}
    form = {"reason": "weather", "note": "雨", "documents": [str(n) * 64 for n in range(documents.MOST + 1)]}
    answer = unit.post(f"/api/v1/cases/{case.number}/actions", json=asked | {"form": form})
    assert answer.status_code == 422
    assert [name.rpartition(".")[2] for name in answer.json()["fields"]] == ["documents"]


def test_what_is_refused_leaves_nothing_behind(enter: Enter, files: Path) -> None:
    before = sorted(files.rglob("*"))
    script = paper(1, papers.script)
    answer = enter("enforcement-a").post("/api/v1/documents", files={"document": ("x.pdf", script, "application/pdf")})
    assert answer.status_code == 422
    assert "print it to a new PDF" in answer.json()["title"]
    assert sorted(files.rglob("*")) == before


def test_a_document_is_seen_by_the_centre_by_whoever_sent_it_and_by_the_departments_of_its_case(
    office: Office, enter: Enter
) -> None:
    case = office.town.handling()
    unit, other = enter("enforcement-a"), enter("water")
    sha = unit.post("/api/v1/documents", files={"document": ("x.pdf", paper(4), "application/pdf")}).json()["sha256"]
    stolen = {"action": "ask_delay", "key": "0" * 8 + "-0000-4000-8000-" + "0" * 12}
    form = {"reason": "weather", "documents": [sha], "note": "雨"}
    thief = enter("enforcement-b")
    theirs = office.town.handling("enforcement-b")
    answer = thief.post(f"/api/v1/cases/{theirs.number}/actions", json=stolen | {"form": form})
    assert (answer.status_code, answer.json()["fields"]) == (422, {"documents": "not uploaded by you"})

    answer = unit.post(f"/api/v1/cases/{case.number}/actions", json=stolen | {"form": form})
    assert answer.status_code == 200, answer.text
    for who, status in (("enforcement-a", 200), ("dispatcher", 200), ("enforcement-b", 404), ("inspector1", 404)):
        assert enter(who).get(f"/api/v1/documents/{sha}").status_code == status, who
    assert other.get(f"/api/v1/documents/{sha}").status_code == 404
    file = unit.get(f"/api/v1/cases/{case.number}").json()
    assert [(one["name"], one["pages"]) for one in file["documents"]] == [("x.pdf", 4)]
