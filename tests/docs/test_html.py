"""What is found wrong with the pages of a built site."""

from pathlib import Path

from tests.docs.html import problems


def test_broken_links_and_what_comes_from_elsewhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "other.html").write_text('<h1 id="title">Title</h1><a href="../index.html#none">a</a>')
    (tmp_path / "picture.png").touch()
    (tmp_path / "index.html").write_text(
        '<a href="folder/other.html#title">a</a><a href="#">b</a><a href="folder/other.html#none">c</a>'
        '<a href="https://example.org">d</a><img src="picture.png"><img src="none.png">'
        '<script src="https://example.org/script.js"></script><link rel="stylesheet" href="//example.org/style.css">'
        '<link rel="canonical" href="https://example.org/">'
    )
    assert problems(tmp_path) == [
        "folder/other.html: ../index.html#none has no such anchor",
        "index.html loads //example.org/style.css",
        "index.html loads https://example.org/script.js",
        "index.html: folder/other.html#none has no such anchor",
        "index.html: none.png does not exist",
    ]
