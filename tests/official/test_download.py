"""Downloads from a real web server on loopback that misbehaves."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import requests
import samples
from conftest import BadServer

from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.download import (
    DownloadError,
    NoConnectionError,
    Patience,
    download,
    fetch_page,
    file_name_of,
)
from pcs_dash.official.landing_pages import data_links, links, locate, newest_edition
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store

SHORT = Patience(connect_s=2, stall_s=0.4, attempts=3, back_off_s=0.01, longest_back_off_s=0.02)


def fetch(server: BadServer, path: str, folder: Path, **options: object) -> Path:
    return download(f"{server.url}{path}", folder, patience=SHORT, **options)  # type: ignore[arg-type]


def test_a_whole_file_arrives_with_its_name_and_nothing_beside(
    server: BadServer, tmp_path: Path
) -> None:
    seen: list[tuple[int, int | None]] = []
    path = fetch(server, "/good.csv", tmp_path, progress=lambda _, n, of: seen.append((n, of)))
    assert path.read_bytes() == server.body
    assert sorted(p.name for p in tmp_path.iterdir()) == ["good.csv", "good.csv.facts.json"]
    assert seen[-1] == (len(server.body), len(server.body))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing.csv", "404 Not Found. There is no such file"),
        ("/forbidden.csv", "403 Forbidden. It refuses programs"),
        ("/page.csv", "web page, not data"),
        ("/circle.csv", "in a circle"),
        ("/ftp.csv", "not valid"),
    ],
)
def test_what_will_not_pass_is_told_at_once(
    path: str, words: str, server: BadServer, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match=words):
        fetch(server, path, tmp_path)
    assert not list(tmp_path.glob("*.csv"))
    assert len([p for p, _ in server.requests if p == path]) <= SHORT.redirects + 1


def test_a_name_that_does_not_resolve_is_tried_once(tmp_path: Path) -> None:
    waits: list[float] = []
    # No name below .invalid ever resolves (RFC 6761).
    with pytest.raises(NoConnectionError, match=r"nowhere\.invalid can't be found.*HTTPS_PROXY"):
        download("https://nowhere.invalid/a.csv", tmp_path, sleep=waits.append)
    with pytest.raises(NoConnectionError, match=r"nowhere\.invalid"):
        fetch_page("https://nowhere.invalid/a")
    assert waits == []
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_every_source_is_told_and_no_server_sought_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def nothing(host: str, *_: object, **__: object) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path))
    report = update_store(Store())
    downloadable = [s for s in SOURCES.values() if s.downloadable]
    assert [o.source for o in report.failed] == [s.key for s in downloadable]
    for outcome, source in zip(report.failed, downloadable, strict=True):
        assert "no connection to the internet" in outcome.message
        assert f"By hand: open {source.landing_page}" in outcome.message
    assert len(asked) == len(set(asked))
    assert not report.committed


def test_a_redirect_is_followed(server: BadServer, tmp_path: Path) -> None:
    assert fetch(server, "/redirect.csv", tmp_path).read_bytes() == server.body


def test_a_busy_server_is_asked_again_with_longer_waits(server: BadServer, tmp_path: Path) -> None:
    server.failures_left = 2
    waits: list[float] = []
    assert fetch(server, "/flaky.csv", tmp_path, sleep=waits.append).read_bytes() == server.body
    assert len(waits) == 2
    assert all(0 < wait <= SHORT.longest_back_off_s for wait in waits)


def test_a_broken_off_file_is_resumed_where_it_stopped(server: BadServer, tmp_path: Path) -> None:
    path = fetch(server, "/truncated.csv", tmp_path)
    assert path.read_bytes() == server.body
    half = len(server.body) // 2
    assert server.requests == [("/truncated.csv", None), ("/truncated.csv", f"bytes={half}-")]


def test_a_part_of_an_earlier_run_is_resumed(server: BadServer, tmp_path: Path) -> None:
    part = tmp_path / "truncated.csv.part"
    part.write_bytes(server.body[:123])
    facts = {"url": f"{server.url}/truncated.csv", "etag": '"one"'}
    part.with_name("truncated.csv.facts.json").write_text(json.dumps(facts), encoding="utf-8")
    assert fetch(server, "/truncated.csv", tmp_path).read_bytes() == server.body
    assert server.requests == [("/truncated.csv", "bytes=123-")]


def test_a_part_of_another_address_is_not_used(server: BadServer, tmp_path: Path) -> None:
    part = tmp_path / "good.csv.part"
    part.write_bytes(b"something else")
    facts = {"url": "http://127.0.0.1/other.csv", "etag": '"one"'}
    part.with_name("good.csv.facts.json").write_text(json.dumps(facts), encoding="utf-8")
    assert fetch(server, "/good.csv", tmp_path).read_bytes() == server.body


def test_a_file_that_changed_meanwhile_comes_anew(server: BadServer, tmp_path: Path) -> None:
    assert fetch(server, "/changed.csv", tmp_path).read_bytes() == b"new," + server.body


def test_a_server_that_resumes_at_the_wrong_place_is_not_trusted(
    server: BadServer, tmp_path: Path
) -> None:
    server.failures_left = 1
    assert fetch(server, "/broken-resume.csv", tmp_path).read_bytes() == server.body


def test_always_truncated_is_told_and_the_part_kept(server: BadServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"broke off.* after 3 attempts"):
        fetch(server, "/always-truncated.csv", tmp_path)
    assert not (tmp_path / "always-truncated.csv").exists()


def test_a_stall_ends(server: BadServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"stopped sending|does not answer"):
        download(
            f"{server.url}/stall.csv",
            tmp_path,
            patience=Patience(stall_s=0.2, attempts=2, back_off_s=0.01),
        )


def test_an_endless_file_is_stopped(server: BadServer, tmp_path: Path) -> None:
    patience = Patience(stall_s=1, attempts=1, largest_bytes=2_000_000)
    with pytest.raises(DownloadError, match="does not end"):
        download(f"{server.url}/endless.csv", tmp_path, patience=patience)


def test_a_wrong_checksum_is_never_accepted(server: BadServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="checksum"):
        fetch(server, "/good.csv", tmp_path, sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_the_right_checksum_is(server: BadServer, tmp_path: Path) -> None:
    right = hashlib.sha256(server.body).hexdigest()
    assert fetch(server, "/good.csv", tmp_path, sha256=right.upper()).exists()


def test_a_checksum_that_the_server_states_is_compared(server: BadServer, tmp_path: Path) -> None:
    assert fetch(server, "/right-md5.csv", tmp_path).read_bytes() == server.body
    assert fetch(server, "/right-digest.csv", tmp_path).read_bytes() == server.body
    for path in ("/wrong-md5.csv", "/wrong-digest.csv"):
        with pytest.raises(DownloadError, match="checksum is"):
            fetch(server, path, tmp_path)
        assert not (tmp_path / path[1:]).exists()


def test_a_finished_file_is_asked_for_again_only_if_it_has_changed(
    server: BadServer, tmp_path: Path
) -> None:
    """A run that was killed before it could load the file leaves it; it does not come twice."""
    first = fetch(server, "/kept.csv", tmp_path)
    facts = first.stat()
    assert fetch(server, "/kept.csv", tmp_path).stat().st_mtime_ns == facts.st_mtime_ns
    assert [status for _, status in server.answers] == [200, 304]
    first.write_bytes(b"damaged")
    assert fetch(server, "/kept.csv", tmp_path).read_bytes() == server.body
    assert [status for _, status in server.answers] == [200, 304, 200]


@pytest.mark.parametrize("kind", ["file", "page"])
def test_a_server_that_drips_is_given_up(kind: str, server: BadServer, tmp_path: Path) -> None:
    patience = Patience(stall_s=0.3, attempts=2, back_off_s=0.01, slowest_bytes_s=500)
    begun = time.monotonic()
    with pytest.raises(DownloadError, match="sends too slowly, after 2 attempts"):
        if kind == "file":
            download(f"{server.url}/drip.csv", tmp_path, patience=patience)
        else:
            fetch_page(f"{server.url}/drip.csv", patience=patience)
    assert time.monotonic() - begun < 3


def test_a_download_ends_in_the_time_it_is_given(server: BadServer, tmp_path: Path) -> None:
    patience = Patience(stall_s=5, longest_s=0.3)
    with pytest.raises(DownloadError, match="more than 0 minutes"):
        download(f"{server.url}/drip.csv", tmp_path, patience=patience)


def test_a_page_is_tried_again_and_its_redirects_are_looked_at(server: BadServer) -> None:
    server.failures_left = 2
    waits: list[float] = []
    text, _ = fetch_page(f"{server.url}/flaky.csv", patience=SHORT, sleep=waits.append)
    assert text.encode() == server.body
    assert len(waits) == 2
    with pytest.raises(DownloadError, match="404 Not Found"):
        fetch_page(f"{server.url}/missing.csv", patience=SHORT)
    with pytest.raises(DownloadError, match="in a circle"):
        fetch_page(f"{server.url}/circle.csv", patience=SHORT)


@pytest.mark.parametrize("get", [fetch_page, lambda url: download(url, Path("unused"))])
def test_a_redirect_from_https_to_http_is_refused(
    get: Callable[[str], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def answered(*_: object, **__: object) -> Iterator[requests.Response]:
        answer = requests.Response()
        answer.status_code, answer.url = 200, "http://example.invalid/a"
        yield answer

    monkeypatch.setattr(requests.Session, "get", answered)
    with pytest.raises(DownloadError, match="unprotected address"):
        get("https://example.invalid/a")


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"connection failed.*--from"):
        download("http://127.0.0.1:9/x.csv", tmp_path, patience=SHORT)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "x.csv"])
def test_only_web_addresses_are_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="only http"):
        download(url, tmp_path)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x/a/gp%20list.csv", "gp list.csv"),
        ("https://x/api/getReport?report=epraccur", "getReport-epraccur"),
        ("https://x/..%2f..%2fevil", "_.._evil"),
        ("https://x/", "download"),
    ],
)
def test_names_are_safe(url: str, name: str) -> None:
    assert file_name_of(url) == name


# --- from the landing page to the file --------------------------------------------------------


def test_the_newest_edition_and_its_file_are_found(server: BadServer) -> None:
    base = "/patients-registered-at-a-gp-practice"
    server.pages.update(
        {
            base: (
                f'<a class="x" href="{base}/december-2025">December</a>'
                f"<a href='{base}/march-2026'>March</a><a href=\"{base}/january-2026\">January</a>"
                '<a href="https://example.org/patients">other</a>'
            ).encode(),
            f"{base}/march-2026": (
                b'<a href="/66/gp-reg-pat-prac-all.csv">totals</a>'
                b'<a href="/66/gp-reg-pat-prac-sing-age.zip">ages</a>'
            ),
        }
    )
    found = locate(SOURCES["list_sizes"], landing_page=server.url + base, patience=SHORT)
    assert found.address == f"{server.url}/66/gp-reg-pat-prac-all.csv"
    assert found.month == pd.Timestamp("2026-03-31")


def test_an_announced_edition_without_files_is_passed_over(server: BadServer) -> None:
    base = "/patients-registered-at-a-gp-practice"
    server.pages.update(
        {
            base: f'<a href="{base}/may-2026">a</a><a href="{base}/april-2026">b</a>'.encode(),
            f"{base}/may-2026": b"Upcoming, not yet published",
            f"{base}/april-2026": b'<a href="/1/gp-reg-pat-prac-all.csv">totals</a>',
        }
    )
    found = locate(SOURCES["list_sizes"], landing_page=server.url + base, patience=SHORT)
    assert found.address.endswith("/1/gp-reg-pat-prac-all.csv")


def test_a_mapping_takes_its_month_from_its_edition(
    server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in the file says which month it is for."""
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path))
    base = "/appointments-in-general-practice"
    source = dataclasses.replace(SOURCES["pcn_membership"], landing_page=server.url + base)
    monkeypatch.setitem(SOURCES, "pcn_membership", source)
    server.pages.update(
        {
            base: f"<a href='{base}/august-2025'>August</a>".encode(),
            f"{base}/august-2025": b"<a href='/1/Mapping.csv'>mapping</a>",
            "/1/Mapping.csv": samples.MAPPING.encode(),
        }
    )
    store = Store()
    update_store(store, origin=str(samples.write(tmp_path / "files", "list_sizes")))
    assert not update_store(store, sources=["pcn_membership"], patience=SHORT).failed
    assert store.entry("pcn_membership").period == "2025-08-31"


def test_a_changed_site_is_told_with_what_was_looked_at(server: BadServer) -> None:
    server.pages["/start"] = b"<a href='/elsewhere'>new home</a>"
    with pytest.raises(DownloadError, match=r"no file was found on any edition.*--from"):
        locate(SOURCES["list_sizes"], landing_page=f"{server.url}/start", patience=SHORT)


def test_a_source_without_address_says_how_to_get_it() -> None:
    with pytest.raises(DownloadError, match="update cqc --from FOLDER"):
        locate(SOURCES["cqc"])


def test_links_are_full_addresses_without_repeats() -> None:
    page = '<a href="b.csv">x</a><A HREF=\'/c?x=1&amp;y=2\'>y</A><a href="b.csv#top">z</a>'
    assert links(page, "http://h/a/") == ["http://h/a/b.csv", "http://h/c?x=1&y=2"]


@pytest.mark.parametrize(
    "text", ["<a ", "<a href='", "<!--", "<a href=x>", "<div><a href='y'>", "<![CDATA[", "<", "&lt"]
)
def test_a_page_of_nothing_but_beginnings_takes_no_time(text: str) -> None:
    begun = time.process_time()
    links(text * (200_000 // len(text)), "http://h/")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("page", ["", "http://x/y", "<?xml version='1.0'?><a href='b'/>", "[::"])
def test_a_page_that_is_none_has_no_fault(page: str) -> None:
    assert links(f"{page}<a href='http://[oops'>x</a>", "http://h/") in ([], ["http://h/b"])


def test_the_newest_is_by_date_not_by_place() -> None:
    found = ["http://x/p/may-2025", "http://x/p/february-2026", "http://x/p/december-2025"]
    assert newest_edition(found, r"/p/[a-z]+-20\d\d$") == "http://x/p/february-2026"
    assert newest_edition(found, r"/q/") is None


def test_a_list_of_files_stays_on_its_host() -> None:
    page = '<a href="a.csv">a</a><a href="http://elsewhere/b.csv">b</a><a href="c.exe">c</a>'
    assert data_links(page, "http://h/files/") == ["http://h/files/a.csv"]


def test_every_direct_address_is_https() -> None:
    for source in SOURCES.values():
        assert source.landing_page.startswith("https://")
        assert source.address is None or source.address.startswith("https://")
