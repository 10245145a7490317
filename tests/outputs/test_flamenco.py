"""A job for a Flamenco Manager: the request is as its interface has it, and a refusal is reported."""

import http.server
import json
import socket
import socketserver
import threading

import pytest
from matrix_cinema.errors import InputError, JobError
from matrix_cinema.outputs.flamenco import require_url, submit
from matrix_cinema.outputs.frames_folder import Job

pytestmark = pytest.mark.one_blender

JOB = Job("0" * 64, 1, 213, 640, 360, 24000, 1001.0, "")
REFUSED = {"code": 412, "message": "the job type has changed"}


@pytest.fixture
def no_network(monkeypatch):
    """This machine may be reached, and no other."""
    connect = socket.socket.connect

    def only_here(self, address):
        if address[0] != "127.0.0.1":
            raise OSError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


@pytest.fixture
def manager():
    """A Manager as far as a submission needs it; `asked` are the requests that came."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, status, said):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def do_GET(self):
            server.asked.append((self.path, None))
            self.answer(
                200, {"name": "simple-blender-render", "label": "Simple", "settings": [], "etag": "e1"}
            )

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append((self.path, body))
            assert self.headers["Content-Type"] == "application/json"
            self.answer(*server.answers)

        def log_message(self, *_):
            pass

    server = socketserver.TCPServer(("127.0.0.1", 0), Handler)  # HTTPServer looks its own name up
    server.asked, server.answers = [], (200, {"id": "4e9c2d1c", "status": "queued"})
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_job_is_submitted_as_the_interface_has_it(manager, tmp_path):
    seen = submit(manager.url + "/app/", tmp_path, "A film", JOB, 10, "Cinema")
    assert seen == f"{manager.url}/app/jobs/4e9c2d1c"
    (kind, _), (path, body) = manager.asked
    assert (kind, path) == ("/api/v3/jobs/type/simple-blender-render", "/api/v3/jobs")
    assert (body["name"], body["type"], body["type_etag"]) == ("A film", "simple-blender-render", "e1")
    assert body["priority"] == 50 and body["submitter_platform"] in ("linux", "darwin", "windows")
    settings = body["settings"]
    assert (settings["frames"], settings["chunk_size"]) == ("1-213", 10)
    assert settings["blendfile"] == str(tmp_path / "scene.blend")
    assert settings["render_output_path"] == str(tmp_path / "frames" / "####")
    assert settings["fps"] == pytest.approx(23.976, abs=1e-3) and settings["format"] == "PNG"
    assert settings["scene"] == "Cinema"
    assert all(isinstance(value, str) for value in body["metadata"].values())


def test_what_a_manager_refuses_is_told_in_its_words(manager, tmp_path):
    manager.answers = (412, REFUSED)
    with pytest.raises(JobError, match=r"refused /api/v3/jobs with 412: the job type has changed"):
        submit(manager.url, tmp_path, "", JOB, 10, "Cinema")
    manager.answers = (200, ["what is this"])
    with pytest.raises(JobError, match="no Flamenco Manager answers"):
        submit(manager.url, tmp_path, "", JOB, 10, "Cinema")


def test_nobody_answers(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(JobError, match=f"127.0.0.1:{port}: no Flamenco Manager answers"):
        submit(f"http://127.0.0.1:{port}", tmp_path, "", JOB, 10, "Cinema")


@pytest.mark.parametrize(
    "url", ["manager:8080", "ftp://manager", "file:///etc/passwd", "http://", "http://a:b"]
)
def test_what_is_no_address(url):
    with pytest.raises(InputError, match="is not the address"):
        require_url(url)
