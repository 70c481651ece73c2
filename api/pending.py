"""202: a command is taken for good, and its record takes longer than a caller should wait."""

from fastapi.responses import JSONResponse, Response

from api.problems import catalogue
from api.schemas.records import Pending


class RecordPending(Exception):
    """Ends a request with 202. ``location`` is where its outcome will show."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location

    def response(self) -> Response:
        """The HTTP answer."""
        body = Pending(detail=str(catalogue()["pending"]["detail"]), location=self.location)
        return JSONResponse(body.model_dump(), status_code=202, headers={"Location": self.location})
