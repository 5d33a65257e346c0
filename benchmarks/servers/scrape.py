"""How long does a scrape of `/metrics` take, on a server with 10,000 sessions and 10,000 models?

    python -m benchmarks.servers.scrape

A real server with a waiting worker, which has answered each of its routes once, so that the
histogram of requests is as long as it gets. Prints a markdown table, with
the processor's time of the server beside: other work on the machine hardly changes it.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

from backend import create_app
from backend.config import Settings
from backend.web.current import services_of
from backend.web.tokens import ensure_administrator
from benchmarks.servers.session_list import fill, fill_models
from tests.e2e.server import TOKEN, Client, Server

SCRAPES = 200


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        routes = prepare(Path(folder))
        server = Server(Path(folder))
        try:
            client = Client(server)
            for method, path in routes:
                client.call(method, path)
            report(server)
        finally:
            server.stop()


def prepare(folder: Path) -> list[tuple[str, str]]:
    """Fill a data folder; every method and path of the application, those that stop none."""
    app = create_app(Settings(data_dir=folder, token=TOKEN))
    services = services_of(app)
    ensure_administrator(services.database, services.settings)
    client = app.test_client()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    made = client.post("/api/workspaces", json={"name": "many"}, headers=headers).get_json()
    for add in (fill, fill_models):
        add(services.database, made["workspace"]["id"])
    with services.database.write() as connection:  # pending ones would train
        connection.exec_driver_sql(
            "update training_sessions set status = 'cancelled' where status = 'pending'"
        )
    services.database.close()
    adapter = app.url_map.bind("localhost")
    return [
        (method, adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 9**9)))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
    ]


def report(server: Server) -> None:
    client, seconds = Client(server), []
    worked = cpu_seconds(server.process.pid)
    for _ in range(SCRAPES):
        begun = time.perf_counter()
        answer = client.get("/metrics", None)
        seconds.append(time.perf_counter() - begun)
        assert answer.status_code == 200, answer.text
        assert 'exotrain_sessions{state="completed"} 0' not in answer.text
    worked = cpu_seconds(server.process.pid) - worked
    lines = [each for each in answer.text.splitlines() if not each.startswith("#")]
    percentiles = statistics.quantiles(seconds, n=100)
    print("| 10,000 sessions and models | median, ms | p99, ms | CPU, ms | series | kB |")
    print("|---|---|---|---|---|---|")
    print(
        f"| a scrape | {1e3 * percentiles[49]:.0f} | {1e3 * percentiles[98]:.0f} "
        f"| {1e3 * worked / SCRAPES:.0f} | {len(lines):,} | {len(answer.content) / 1e3:.0f} |"
    )


def cpu_seconds(process_id: int) -> float:
    """What a process has used of the processors, in user mode and in the kernel."""
    stat = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    used = stat.rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
