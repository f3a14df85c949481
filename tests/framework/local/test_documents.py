"""Documents from files, and from Python itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell import StepwellError
from stepwell.local import corpus_digest, files_in, python_docs, read_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what can be read and what can't."""
    for name, text in {
        "b.md": "# Second\n\nText.",
        "a.rst": "First\n=====\n\nText.",
        "c.TXT": "a line of prose that is far too long to be anybody's title, " * 3,
        "empty.txt": " \n",
        "code.py": "x = 1",
        ".git/hidden.md": "hidden",
        "node_modules/other.md": "not ours",
        "deep/er/d.markdown": "Deep",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def test_the_files_of_a_folder_are_those_one_writes_documents_in(folder: Path) -> None:
    names = [str(file.relative_to(folder)) for file in files_in(folder)]
    assert names == ["a.rst", "b.md", "c.TXT", "deep/er/d.markdown", "empty.txt"]


def test_a_document_is_called_by_its_first_line_if_that_reads_like_a_title(folder: Path) -> None:
    titles = [document.title for document in read_files(files_in(folder))]
    assert titles == ["First", "Second", "c", "Deep"]


def test_one_file_is_a_folder_of_one(folder: Path) -> None:
    assert files_in(folder / "b.md") == [folder / "b.md"]


def test_bytes_that_are_no_text_do_not_stop_the_reading(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Grüße".encode("latin-1"))
    (document,) = read_files(files_in(tmp_path))
    assert document.text == "Gr��e"


@pytest.mark.parametrize("name", ["absent", "code.py"])
def test_what_is_no_folder_is_told(folder: Path, name: str) -> None:
    with pytest.raises(StepwellError, match=f"{name}` is no folder of documents"):
        files_in(folder / name)


def test_a_folder_without_documents_is_told(tmp_path: Path) -> None:
    with pytest.raises(StepwellError, match="holds no markdown, md, pdf, rst, text, txt file"):
        files_in(tmp_path)


def test_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (tmp_path / "two.pdf").write_bytes(pdf("The first page", "The second page"))
    (document,) = read_files(files_in(tmp_path))
    assert document.text == "The first page\n\nThe second page"
    assert document.title == "The first page"


def pdf(*pages: str) -> bytes:
    """The smallest document with these pages."""
    kids = " ".join(f"{10 + 2 * i} 0 R" for i, _ in enumerate(pages))
    objects = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for i, text in enumerate(pages):
        said = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects[10 + 2 * i] = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {11 + 2 * i} 0 R >>"
        )
        objects[11 + 2 * i] = f"<< /Length {len(said)} >>\nstream\n{said}\nendstream"
    body, places = "%PDF-1.4\n", {}
    for number, content in objects.items():
        places[number] = len(body)
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{number} 1\n{at:010} 00000 n \n" for number, at in places.items())
    trailer = f"trailer << /Root 1 0 R /Size 99 >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n{table}{trailer}".encode()


def test_a_pdf_that_is_none_is_left_out_with_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (tmp_path / "broken.pdf").write_bytes(b"no pdf")
    (tmp_path / "other.txt").write_text("Text")
    with pytest.warns(UserWarning, match=r"broken\.pdf` is left out"):
        (document,) = read_files(files_in(tmp_path))
    assert document.text == "Text"


def test_files_of_which_none_holds_text_are_told(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("  ")
    with pytest.raises(StepwellError, match=r"no text in .*0\.txt`, .*2\.txt` and 2 more; a scan"):
        list(read_files(files_in(tmp_path)))


def test_python_documents_itself() -> None:
    """The reference, what is written in C, and the standard library, none of it imported."""
    found = {document.source: document for document in python_docs()}
    assert found["reference/with"].title == 'The "with" statement'
    assert "immutable" in found["reference/typesseq"].text
    assert found["str.partition"].text.startswith("Partition the string")
    assert found["json.load"].text.startswith("json.load(fp, *, cls=None")
    assert len(found) > 2000
    assert not [source for source in found if "._" in source or source.startswith("idlelib")]


def test_a_digest_changes_with_the_files_and_with_what_is_made_of_them(folder: Path) -> None:
    files = files_in(folder)
    first = corpus_digest(files, "model", 800)
    assert first == corpus_digest(files_in(folder), "model", 800)
    (folder / "b.md").write_text("changed, and longer than before", "utf-8")
    others = {
        corpus_digest(files, "model", 800),
        corpus_digest(files[1:], "model", 800),
        corpus_digest(files, "other", 800),
        corpus_digest(None, "model", 800),
    }
    assert len(others | {first}) == 5
