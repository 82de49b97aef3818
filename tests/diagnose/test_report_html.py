"""The report is one page, complete in itself, and shows whatever comes from users or data as text."""

from __future__ import annotations

import html.parser
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from diagnosed import EDGES, HOSTILE, diagnosed, examined, solved
from fanin.diagnose.html import notebook_html, report_of, write_report
from fanin.diagnose.kinds import KINDS
from fanin.diagnose.text import proof_sentence
from fanin.written import one_line
from helpers import refuse_imports

VOID = {"meta", "path", "rect", "use", "image", "stop"}  # the last ones, of SVG, end with />
LINKS = {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}


class Page(html.parser.HTMLParser):
    """Reads a page, and checks that its tags are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts, self.ids, self.links = [], [], [], [], []
        self.labelled = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs, closed=False):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in LINKS]
        self.labelled += [value for name, value in attrs if name == "aria-labelledby"]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag == "svg":
            assert dict(attrs)["role"] == "img"
            assert dict(attrs)["aria-label"]
        if tag != "meta" and not closed:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs, closed=True)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def report():
    return report_of(diagnosed())


@pytest.mark.parametrize("name", EDGES)
def test_a_page_is_well_formed_and_refers_to_nothing_outside(name):
    for text in (report_of(EDGES[name]()), notebook_html(EDGES[name]())):
        page = Page(text)
        assert not {"script", "link", "iframe", "object", "embed"} & set(page.tags)
        assert not re.search(r"https?:|@import", text)
        assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)
        assert all(target in ("", "#") for target in re.findall(r"url\((#?)", text))
        used = [link[1:] for link in page.links if link.startswith("#")] + page.labelled
        used += re.findall(r"url\(#([^)]*)\)", text)
        assert set(used) <= set(page.ids)
        assert len(page.ids) == len(set(page.ids))


def test_the_report_shows_each_finding_with_its_advice_remedy_proof_and_figures(report):
    made, page = diagnosed(), Page(report)
    assert "<title>Diagnosis: 3 faults, 2 warnings</title>" in report
    assert '<html lang="en">' in report
    for number, finding in enumerate(made.findings, start=1):
        assert f"{number}. {finding.kind.replace('_', ' ')} {finding.severity}" in page.text
        assert one_line(finding.message) in page.text
        assert KINDS[finding.kind] in page.text
        if finding.remedy is not None:
            assert finding.remedy.action in page.text
            assert " ".join(finding.remedy.code(made.start).split()) in page.text
        if finding.proof is not None:
            assert proof_sentence(finding.proof)[1:] in page.text
        assert f"finding-{number}" in page.ids
    assert "1. saturated units fault proved" in page.text
    assert page.tags.count("figure") == page.tags.count("figcaption") == page.tags.count("svg") == 5
    assert page.tags.count("table") == page.tags.count("caption") == 2
    for title in ("Loss by epoch", "Dead units (share)", "Update / weight (log10)", "as it was"):
        assert title in page.text  # words of figures are text


def test_names_in_data_are_shown_as_text(report):
    for text in (report, notebook_html(diagnosed()), report_of(examined())):
        assert "<script" not in text
        assert "\x1b" not in text
        assert one_line(HOSTILE) in Page(text).text


def test_the_same_diagnosis_gives_the_same_page(report):
    assert report_of(diagnosed()) == report


def test_the_users_style_of_matplotlib_does_not_change_the_report():
    matplotlib_style = pytest.importorskip("matplotlib.style")
    plain = report_of(solved())
    with matplotlib_style.context("dark_background"):
        assert report_of(solved()) == plain


def test_a_report_without_findings_says_so():
    assert "No faults found." in Page(report_of(solved())).text


def test_a_fit_that_was_not_watched_has_curves_but_no_layers():
    page = Page(report_of(solved()))
    assert page.tags.count("svg") == 1
    assert "table" not in page.tags


def test_the_report_of_an_examination_has_its_figures_in_a_table_and_no_curves():
    page = Page(report_of(examined()))
    assert "Examination: 1 fault" in page.text
    assert "redundancy 0.912 noise_scale 812" in page.text
    assert "svg" not in page.tags


def test_a_notebook_shows_the_findings_folded_and_the_figures_of_layers_without_matplotlib(monkeypatch):
    refuse_imports(monkeypatch, "matplotlib")
    page = Page(notebook_html(diagnosed()))
    assert page.tags.count("details") == page.tags.count("summary") == 5
    assert page.tags.count("table") == 1
    assert page.text.startswith("3 faults, 2 warnings 1. saturated units fault proved : 90 %")
    assert "redundancy 0.912" in Page(notebook_html(examined())).text


def test_a_report_without_matplotlib_says_how_to_install_it_and_leaves_the_old_file(monkeypatch, tmp_path):
    (tmp_path / "report.html").write_text("old")
    refuse_imports(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match=r'needs matplotlib, .*pip install "fanin\[plot\]"'):
        write_report(diagnosed(), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == "old"


def test_a_report_replaces_an_older_file_when_it_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    write_report(examined(), path)
    assert path.read_text(encoding="utf-8") == report_of(examined())
    write_report(examined(), tmp_path / ("a" * 255))  # as long as names may be
    (tmp_path / ("a" * 255)).unlink()
    path.chmod(0o600)
    write_report(examined(), os.fsencode(path))
    assert path.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(os, "replace", lambda *names: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_report(solved(), path)
    assert path.read_text(encoding="utf-8") == report_of(examined())
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_report_needs_a_path_in_a_folder_that_exists(tmp_path):
    with pytest.raises(TypeError, match="path: expected a str or a path, got 3"):
        write_report(examined(), 3)
    for error, path in (
        (FileNotFoundError, tmp_path / "none" / "report.html"),
        (IsADirectoryError, tmp_path),
    ):
        with pytest.raises(error) as raised:
            write_report(examined(), path)
        assert (raised.value.filename, raised.value.filename2) == (str(path), None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_report_is_written_into_a_pipe_and_does_not_replace_it(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(path.read_text, encoding="utf-8")
        write_report(examined(), path)
        assert read.result(timeout=60) == report_of(examined())
    assert path.is_fifo()
