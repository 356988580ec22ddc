"""TLS in front of a camera, for rtsps://, by OpenSSL; standard library only."""
import hashlib
import os
import select
import socket
import ssl
import subprocess
import threading


class Certificate:
    """Self-signed, as cameras have it; expired: its days are over."""

    def __init__(self, directory, name="camera", expired=False):
        self.key, self.file = (os.path.join(directory, name + x)
                               for x in (".key", ".crt"))
        self._run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                  "/CN=" + name, "-keyout", self.key, "-out", self.file)
        if expired:
            self._expire(directory, name)
        with open(self.file) as f:
            self.der = ssl.PEM_cert_to_DER_cert(f.read())
        digest = hashlib.sha256(self.der).hexdigest().upper()
        self.fingerprint = ":".join(digest[i:i + 2]
                                    for i in range(0, 64, 2))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.file, self.key)

    @staticmethod
    def _run(*argv):
        subprocess.run(argv, check=True, capture_output=True)

    def _expire(self, d, name):
        conf, csr = (os.path.join(d, name + x) for x in (".conf", ".csr"))
        with open(conf, "w") as f:
            f.write("[ca]\ndefault_ca = a\n[a]\ndatabase = %s.index\n"
                    "new_certs_dir = %s\nrand_serial = yes\n"
                    "default_md = sha256\npolicy = p\n"
                    "[p]\ncommonName = supplied\n"
                    % (os.path.join(d, name), d))
        open(os.path.join(d, name + ".index"), "w").close()
        self._run("openssl", "req", "-new", "-key", self.key, "-subj",
                  "/CN=" + name, "-out", csr)
        self._run("openssl", "ca", "-batch", "-selfsign", "-config", conf,
                  "-keyfile", self.key, "-in", csr, "-out", self.file,
                  "-notext", "-startdate", "20150101000000Z", "-enddate",
                  "20160101000000Z")


class Tls:
    """Listens; speaks TLS with who comes, plain with `cam` behind.

    certificate may change at any time, for the next connection. silent: it
    accepts and says nothing. wire: every byte that came or went, encrypted;
    heard: what it was told, decrypted; versions: of each handshake.
    """

    def __init__(self, cam, certificate):
        self.cam, self.certificate = cam, certificate
        self.silent = self.closed = False
        self.wire, self.heard, self.versions = bytearray(), bytearray(), []
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.url = "rtsps://127.0.0.1:%d/live" % self.port
        self.conns = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.closed = True
        for s in [self.listener] + list(self.conns):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def drop(self):
        for s in list(self.conns):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self):
        while not self.closed:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.conns.add(s)
            threading.Thread(target=self._guarded, args=(s,),
                             daemon=True).start()

    def _guarded(self, s):
        try:
            while self.silent and not self.closed:
                if not s.recv(4096):
                    return
            self._relay(s)
        except OSError:         # ssl.SSLError is one, too
            pass
        finally:
            self.conns.discard(s)
            s.close()

    def _relay(self, s):
        """One thread a connection: an SSL object bears no more."""
        come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.certificate.context.wrap_bio(come, go, server_side=True)
        b = None

        def flush():
            data = go.read()
            self.wire += data
            s.sendall(data)
        try:
            while True:
                if b is None:
                    try:
                        tls.do_handshake()
                        self.versions.append(tls.version())
                        b = socket.create_connection(("127.0.0.1",
                                                      self.cam.port))
                    except ssl.SSLWantReadError:
                        pass
                    flush()
                ready, _, _ = select.select([s] + ([b] if b else []), [], [])
                if s in ready:
                    data = s.recv(65536)
                    if not data:
                        return
                    self.wire += data
                    come.write(data)
                while b:
                    try:
                        data = tls.read(65536)
                    except ssl.SSLWantReadError:
                        break
                    if not data:
                        return
                    self.heard += data
                    b.sendall(data)
                if b and b in ready:
                    data = b.recv(65536)
                    if not data:
                        return
                    tls.write(data)
                flush()
        except ssl.SSLError:
            flush()             # the alert that says why
            raise
        finally:
            if b:
                b.close()
