"""Reading `/metrics` as Prometheus does."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.world import World


class Read:
    """The numbers of one answer."""

    def __init__(self, text: str) -> None:
        """Read an answer, which must be one."""
        families = list(text_string_to_metric_families(text))
        assert families
        self._samples = [sample for family in families for sample in family.samples]

    def one(self, name: str, /, **labels: str) -> float:
        """Return the number with these labels, of which there must be one; 0 where there is none yet."""
        found = [each.value for each in self._samples if each.name == f"ordershare_{name}" and each.labels == labels]
        assert len(found) <= 1
        return found[0] if found else 0.0

    def all(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the numbers of a metric by the values of its labels, in the order of their names."""
        return {
            tuple(value for _, value in sorted(each.labels.items())): each.value
            for each in self._samples
            if each.name == f"ordershare_{name}"
        }


async def metrics(world: World, **headers: Any) -> Read:
    """Ask the world's server for its metrics."""
    answer = await world.http.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Read(answer.text)
