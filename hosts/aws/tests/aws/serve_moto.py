"""moto's server on a free port of this machine, for as long as standard input is open."""

import os
import sys
import threading

from werkzeug.serving import make_server

from moto.server import DomainDispatcherApplication, create_backend_app


def end_with_whoever_started_this():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_whoever_started_this, daemon=True).start()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
