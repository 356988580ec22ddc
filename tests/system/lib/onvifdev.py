"""A device that speaks ONVIF: SOAP 1.2 over HTTP, WS-Security, WS-Discovery.

It checks the UsernameToken by the formula of the OASIS profile 1.0 (3.1) itself:
Base64(SHA-1(nonce + created + password)), and that Created lies within five
minutes of its own clock, as cameras do. Standard library only.
"""
import base64
import datetime
import hashlib
import http.server
import re
import socket
import struct
import threading
import xml.etree.ElementTree as ET

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SEC = ("http://docs.oasis-open.org/wss/2004/01/"
       "oasis-200401-wss-wssecurity-secext-1.0.xsd")
UTIL = ("http://docs.oasis-open.org/wss/2004/01/"
        "oasis-200401-wss-wssecurity-utility-1.0.xsd")
DIGEST = ("http://docs.oasis-open.org/wss/2004/01/"
          "oasis-200401-wss-username-token-profile-1.0#PasswordDigest")
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
GROUP, PORT = "239.255.255.250", 3702


def envelope(body):
    return ('<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="%s"'
            ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
            ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
            ' xmlns:tt="http://www.onvif.org/ver10/schema"><env:Body>%s'
            '</env:Body></env:Envelope>' % (SOAP, body)).encode()


FAULT = ('<env:Fault><env:Code><env:Value>env:Sender</env:Value><env:Subcode>'
         '<env:Value xmlns:ter="http://www.onvif.org/ver10/error">'
         'ter:NotAuthorized</env:Value></env:Subcode></env:Code><env:Reason>'
         '<env:Text xml:lang="en">Sender not authorized</env:Text>'
         '</env:Reason></env:Fault>')


class Device:
    """One device. fault: a set of names, may change at any time.

    "huge"     an answer without an end
    "deep"     elements nested 10,000 deep
    "bomb"     the billion laughs
    "outside"  an external entity that reads a file
    "garbage"  bytes that are no XML
    "elsewhere" names a media service on another host
    "hang"     accepts the question and never answers
    """

    def __init__(self, user="admin", password="s3cret", clock_s=0,
                 url="rtsp://admin:s3cret@127.0.0.1:554/live", chunked=False):
        self.user, self.password, self.clock_s = user, password, clock_s
        self.url, self.chunked = url, chunked
        self.fault = set()
        self.asked, self.refused, self.nonces = [], [], set()
        self.stop = threading.Event()
        device = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                device.post(self)

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.address = "127.0.0.1:%d" % self.port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc).replace(
            microsecond=0) + datetime.timedelta(seconds=self.clock_s)

    def why_refused(self, root):
        """None, or what is wrong with the UsernameToken."""
        token = root.find(".//{%s}UsernameToken" % SEC)
        if token is None:
            return "no token"
        user = token.findtext("{%s}Username" % SEC)
        password = token.find("{%s}Password" % SEC)
        nonce = token.findtext("{%s}Nonce" % SEC)
        created = token.findtext("{%s}Created" % UTIL)
        if password is None or password.get("Type") != DIGEST:
            return "no digest"
        raw = base64.b64decode(nonce, validate=True)
        want = base64.b64encode(hashlib.sha1(
            raw + created.encode() + self.password.encode()).digest())
        if user != self.user or password.text.encode() != want:
            return "wrong digest"
        made = datetime.datetime.strptime(
            created, "%Y-%m-%dT%H:%M:%SZ").replace(
                tzinfo=datetime.timezone.utc)
        if abs((made - self.now()).total_seconds()) > 300:
            return "stale"
        if raw in self.nonces:
            return "replayed"
        self.nonces.add(raw)
        return None

    def post(self, h):
        text = h.rfile.read(int(h.headers["Content-Length"]))
        root = ET.fromstring(text)
        ask = root.find("{%s}Body" % SOAP)[0]
        name = re.sub(r"\{.*\}", "", ask.tag)
        self.asked.append((name, h.path))
        if "hang" in self.fault:
            self.stop.wait(30)
            return
        if self.fault & {"huge", "deep", "bomb", "outside", "garbage"}:
            self.hostile(h)
            return
        why = None if name == "GetSystemDateAndTime" else \
            self.why_refused(root)
        if why:
            self.refused.append(why)
            self.answer(h, 400, envelope(FAULT))
        else:
            self.answer(h, 200, envelope(getattr(self, name)(ask)))

    def answer(self, h, status, body):
        h.send_response(status)
        h.send_header("Content-Type", "application/soap+xml")
        if self.chunked:
            h.send_header("Transfer-Encoding", "chunked")
            h.end_headers()
            for i in range(0, len(body), 100):
                part = body[i:i + 100]
                h.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            h.wfile.write(b"0\r\n\r\n")
        else:
            h.send_header("Content-Length", str(len(body)))
            h.end_headers()
            h.wfile.write(body)
        h.close_connection = True

    def hostile(self, h):
        if "huge" in self.fault:
            h.send_response(200)
            h.end_headers()
            try:
                while not self.stop.is_set():
                    h.wfile.write(b"<a>" + b" " * 65536)
            except OSError:
                pass
            h.close_connection = True
            return
        body = b"\x00\xff this is no XML"
        if "deep" in self.fault:
            body = b"<a>" * 10000 + b"</a>" * 10000
        elif "bomb" in self.fault:
            body = b'<!DOCTYPE a [<!ENTITY e0 "ha">' + b"".join(
                b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10)
                for i in range(1, 12)) + b"]><a>&e11;</a>"
        elif "outside" in self.fault:
            body = (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                    + envelope("<tds:GetDeviceInformationResponse>"
                               "<tds:Model>&x;</tds:Model>"
                               "</tds:GetDeviceInformationResponse>")[38:])
        self.answer(h, 200, body)

    # --- the answers, as a camera words them ---

    def GetSystemDateAndTime(self, _):
        t = self.now()
        when = ("<tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute>"
                "<tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d"
                "</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day>"
                "</tt:Date>" % (t.hour, t.minute, t.second, t.year, t.month,
                                t.day))
        return ("<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
                "<tt:DateTimeType>Manual</tt:DateTimeType><tt:UTCDateTime>%s"
                "</tt:UTCDateTime><tt:LocalDateTime>%s</tt:LocalDateTime>"
                "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
                % (when, when.replace(">%d<" % t.year, ">1999<")))

    def GetDeviceInformation(self, _):
        return ("<tds:GetDeviceInformationResponse><tds:Manufacturer>"
                "Maker &amp; Sons</tds:Manufacturer><tds:Model>M-200"
                "</tds:Model><tds:FirmwareVersion>5.7</tds:FirmwareVersion>"
                "<tds:SerialNumber>SN00417</tds:SerialNumber><tds:HardwareId>"
                "1</tds:HardwareId></tds:GetDeviceInformationResponse>")

    def GetCapabilities(self, _):
        host = "192.0.2.1:80" if "elsewhere" in self.fault else self.address
        return ("<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media>"
                "<tt:XAddr>http://%s/onvif/media</tt:XAddr></tt:Media>"
                "</tds:Capabilities></tds:GetCapabilitiesResponse>" % host)

    def GetProfiles(self, _):
        one = ('<trt:Profiles fixed="true" token="%s"><tt:Name>%s</tt:Name>'
               "<tt:VideoEncoderConfiguration token=\"v\"><tt:Name>enc"
               "</tt:Name><tt:Encoding>H264</tt:Encoding><tt:Resolution>"
               "<tt:Width>%d</tt:Width><tt:Height>%d</tt:Height>"
               "</tt:Resolution></tt:VideoEncoderConfiguration>"
               "</trt:Profiles>")
        return "<trt:GetProfilesResponse>%s%s</trt:GetProfilesResponse>" % (
            one % ("MainStream", "main", 1920, 1080),
            one % ("SubStream", "sub", 640, 360))

    def GetStreamUri(self, ask):
        token = ask.findtext(
            "{http://www.onvif.org/ver10/media/wsdl}ProfileToken")
        return ("<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>%s</tt:Uri>"
                "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
                "</trt:MediaUri></trt:GetStreamUriResponse>"
                % (self.url + ("?sub" if token == "SubStream" else "")))


class Discoverable:
    """Answers WS-Discovery for devices: at addresses, and to the group.

    Two tests at a time are told apart by their addresses; one has the group.
    """

    def __init__(self, devices, addresses, group=False, hostile=b""):
        self.devices, self.hostile = devices, hostile
        self.probes, self.sockets = [], []
        if group:
            self.bound("").setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                struct.pack("4s4s", socket.inet_aton(GROUP),
                            socket.inet_aton("127.0.0.1")))
        for address in addresses:
            self.bound(address)
        for s in self.sockets:
            threading.Thread(target=self.serve, args=(s,),
                             daemon=True).start()

    def bound(self, address):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((GROUP if not address else address, PORT))
        self.sockets.append(s)
        return s

    def close(self):
        for s in self.sockets:
            s.close()

    def serve(self, s):
        while True:
            try:
                data, peer = s.recvfrom(65536)
            except OSError:
                return
            root = ET.fromstring(data)
            if root.find(".//{%s}Probe" % DISCOVERY) is None:
                continue
            ident = root.findtext(".//{%s}MessageID" % ADDRESSING)
            self.probes.append((s.getsockname()[0], ident))
            if self.hostile:
                s.sendto(self.hostile, peer)
            for i, device in enumerate(self.devices):
                for _ in range(2):      # cameras repeat themselves
                    s.sendto(self.match(device, i, ident), peer)

    @staticmethod
    def match(device, i, ident):
        return ('<e:Envelope xmlns:e="%s" xmlns:a="%s" xmlns:d="%s">'
                "<e:Header><a:RelatesTo>%s</a:RelatesTo></e:Header><e:Body>"
                "<d:ProbeMatches><d:ProbeMatch><a:EndpointReference>"
                "<a:Address>urn:uuid:0417-%d</a:Address>"
                "</a:EndpointReference><d:Scopes>"
                "onvif://www.onvif.org/type/video_encoder "
                "onvif://www.onvif.org/name/Front%%20door "
                "onvif://www.onvif.org/hardware/M-200</d:Scopes><d:XAddrs>"
                "http://%s/onvif/device_service https://%s/x</d:XAddrs>"
                "</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>" % (
                    SOAP, ADDRESSING, DISCOVERY, ident, i, device.address,
                    device.address)).encode()
