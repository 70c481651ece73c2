"""The page at a problem's address: what it means and what to do."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.problems import Problem, problem_words
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/problems/{name}")
async def problem(request: Request, name: str) -> HTMLResponse:
    """Explain a kind of problem."""
    entry = problem_words().get(name, {})
    if "status" not in entry:
        raise Problem("not-found")
    return page(
        request,
        "problem.html",
        name=name,
        title=entry["title"],
        status=entry["status"],
        detail=entry.get("about", entry["detail"]),
    )
