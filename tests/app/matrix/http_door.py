"""The doors of HTTP: one request for each row, as the line of the door says."""

import base64
import http.client
import json
import ssl

REFUSED = (401, 403)
ALLOWED = (200, 201, 202, 204, 404, 409)  # what is not there, or is there, was allowed
PASSWORD = "correct horse"


class HttpDoors:
    def __init__(self, site):
        self.site, self.connections = site, {}

    def connection(self, row):
        who = row.user if row.proof == "cert" else None
        if who not in self.connections:
            if who:
                context = ssl.create_default_context(cafile=str(self.site.ca))
                context.load_cert_chain(*self.site.certificate(who))
                self.connections[who] = http.client.HTTPSConnection(
                    "localhost", self.site.ports["https"], timeout=20, context=context)
            else:
                self.connections[who] = http.client.HTTPConnection(
                    "localhost", self.site.ports["http"], timeout=20)
        return self.connections[who]

    def headers(self, row):
        if row.user == "-" or row.proof == "cert":
            return {}
        if row.proof == "token":
            return {"Authorization": f"Bearer {self.site.tokens[row.user]}"}
        secret = base64.b64encode(f"{row.user}:{PASSWORD}".encode()).decode()
        return {"Authorization": f"Basic {secret}"}

    def send(self, row, method, target, body):
        """(status, body); of what goes on without an end the status alone."""
        headers, connection = self.headers(row), self.connection(row)
        is_stream = body.startswith("Accept: ")
        if is_stream:
            headers["Accept"], body = body.removeprefix("Accept: "), ""
        connection.request(method, target, body.encode() or None, headers)
        answer = connection.getresponse()
        if is_stream and answer.status == 200:
            answer.close()
            connection.close()
            return answer.status, ""
        return answer.status, answer.read().decode()

    def ask(self, door, row):
        """Whether it was allowed, and what the server said."""
        method = door.name.split()[0]
        status, text = self.send(row, method, door.target_of(row), door.body_of(row))
        if status in REFUSED:
            return False, text
        if status not in ALLOWED:
            raise ValueError(f"{status} {text}")
        if door.shown:
            return door.shown[0].replace("{}", row.name) in text, "no rule allows it; not shown"
        return True, text

    def routes(self, row):
        """The routes that the server has, as doors call them but for the dots of a rest."""
        paths = json.loads(self.send(row, "GET", "/api/v1/openapi.json", "")[1])["paths"]
        return {f"{method.upper()} {path}" for path, item in paths.items()
                for method in item if method != "parameters"}
