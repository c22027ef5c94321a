"""The page in a real browser: text, figures, console, width."""

import re

import pytest

from validation.report import write_report

from .browser import CHROMIUM, browser

MEASURE = """(() => {
  const regions = [...document.querySelectorAll(".scroll")];
  return {
    width: innerWidth,
    overflow: document.documentElement.scrollWidth - innerWidth,
    images: [...document.images].map(
      i => [i.naturalWidth, i.naturalHeight, i.clientWidth, i.alt.length]),
    scrollable: regions.filter(r => r.scrollWidth > r.clientWidth).length,
    outside: regions.filter(r => r.getBoundingClientRect().right > innerWidth).length,
    external: performance.getEntriesByType("resource").map(r => r.name)
      .filter(n => !n.startsWith("data:")),
    text: document.body.innerText,
  };
})()"""


@pytest.fixture(scope="module")
def folder(smoke, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_report(smoke, folder)
    return folder


def test_the_page_is_one_file(folder, smoke):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=[\"'](?!data:)", page)
    assert "http" not in re.sub(r"data:[^\"]*", "", page)
    for case in smoke.entries:
        assert case.hash[:12] in page
    assert smoke.grid.identity in page
    assert "{{" not in page


def test_figures_are_files(folder):
    from PIL import Image

    names = {p.stem for p in folder.glob("*.png")}
    for name in ("rate-standard", "difference-std", "z-fano-standard", "z-histogram"):
        assert name in names
    for path in folder.glob("*.png"):
        with Image.open(path) as image:
            assert len(image.convert("L").getcolors(256) or range(99)) > 10, path


def test_a_page_can_be_written_from_nothing(smoke, tmp_path):
    import dataclasses

    from validation.verdict import judge

    verdict = judge({}, smoke.grid.cases, failed=1)
    case = smoke.grid.cases[0]
    nothing = dataclasses.replace(
        smoke, verdict=verdict, entries={}, failures={case: "<b>Traceback</b>"}
    )
    (page,) = write_report(nothing, tmp_path)
    assert "No verdict" in page.read_text()
    assert "&lt;b&gt;Traceback" in page.read_text()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_in_a_browser(folder, tmp_path):
    figures = len(list(folder.glob("*.png")))
    with browser(tmp_path) as tab:
        for width in (1280, 390):
            tab.open((folder / "report.html").as_uri(), width)
            seen = tab.evaluate(MEASURE)
            assert seen["width"] == width
            assert seen["overflow"] <= 0
            assert seen["outside"] == 0
            assert seen["external"] == []
            assert len(seen["images"]) == figures
            for natural_width, natural_height, shown, described in seen["images"]:
                assert min(natural_width, natural_height, shown) > 300
                assert described > 20
            if width == 390:
                assert seen["scrollable"] > 0  # tables scroll inside, not the page
            for text in ("Agree. Theory and simulation agree", "Worst", "Provenance"):
                assert text in seen["text"]
            assert "python -m validation case" in seen["text"]
        assert tab.complaints == []
