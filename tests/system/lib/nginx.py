"""A real nginx with one server, under the certificate of the appliance."""
import socket
import subprocess

from lib.appliance import free_port, wait_for

CONF = """
user root;
worker_processes 1;
pid %(at)s/pid;
error_log %(at)s/error.log;
events { worker_connections 64; }
http {
  access_log off; %(http)s
  client_body_temp_path %(at)s/b; proxy_temp_path %(at)s/p;
  fastcgi_temp_path %(at)s/f; uwsgi_temp_path %(at)s/u;
  scgi_temp_path %(at)s/s;
  server {
    listen 127.0.0.1:%(port)d ssl;
    ssl_certificate %(web)s/tls.crt; ssl_certificate_key %(web)s/tls.key;
    %(server)s
  }
}
"""


def start(box, at, server, http=""):
    """(process, port); its files are below at, which is made."""
    port, conf = free_port(), at / "nginx.conf"
    at.mkdir()
    conf.write_text(CONF % {"at": at, "http": http, "port": port,
                            "web": box.tmp / "web", "server": server})
    child = subprocess.Popen(["nginx", "-c", str(conf), "-g", "daemon off;"],
                             stderr=subprocess.DEVNULL)

    def ready():
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False
    try:
        wait_for("nginx", 10, ready)
    except BaseException:
        child.kill()
        raise
    return child, port
