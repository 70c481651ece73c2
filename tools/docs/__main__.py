"""Writes the generated parts of the documentation: ``make docs``."""

from tools.docs.pages import PAGES, ROOT, renewed


def main() -> None:
    """Write each page whose parts have changed, and name it."""
    for page in PAGES:
        path = ROOT / page.path
        before = path.read_text("utf-8")
        after = renewed(before, page)
        if after != before:
            path.write_text(after, "utf-8")
            print(page.path)


if __name__ == "__main__":
    main()
