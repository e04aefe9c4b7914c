"""sushy-emulator with what it does not have: firmware that can be updated, tasks, and faults. Run as a program.

`python emulator.py FOLDER` reads FOLDER/settings.json, listens on a port that it writes to FOLDER/port, and notes every
request that it was given in FOLDER/seen. Faults are files FOLDER/faults/SYSTEM, which tests write (see `Emulator`).
The emulator serves several systems; an update belongs to the one whose name is in the address of its image, or in its target.
"""

import io
import json
import re
import socket
import ssl
import sys
import threading
import time
from pathlib import Path

import flask
from sushy_tools.emulator import main as emulator
from sushy_tools.emulator.resources.systems import fakedriver
from werkzeug.serving import make_server

FOLDER = Path(sys.argv[1])
SETTINGS = json.loads((FOLDER / "settings.json").read_text())
NAMES = {system["uuid"]: system["name"] for system in SETTINGS["systems"]}
versions: dict[str, str] = dict.fromkeys(NAMES.values(), "2.17.3")
once: dict[str, str] = {}
tasks: dict[str, dict[str, object]] = {}
lock = threading.Lock()


def fault_of(name: str, what: str) -> str:
    """What goes wrong with such a request to a system; a fault with `times` is used up."""
    file = FOLDER / "faults" / name
    with lock:
        if not name or not file.exists():
            return ""
        fault = json.loads(file.read_text())
        if fault["on"] not in (what, "any"):
            return ""
        fault["times"] -= 1
        file.unlink() if fault["times"] <= 0 else file.write_text(json.dumps(fault))
        return str(fault["how"])


def kind_of(method: str, path: str, body: bytes) -> str:
    """What a request is for."""
    if method == "GET":
        return "task" if "/TaskMonitors/" in path else "inventory" if "FirmwareInventory" in path else "look"
    if "SimpleUpdate" in path:
        return "update"
    return "reset" if "Reset" in path else "boot" if b"Boot" in body else "led"


class Faulty:
    """The emulator behind a front that refuses, hangs, or drops connections before or after the request was carried out."""

    def __init__(self, app):
        self.app = app

    def __call__(self, env, start_response):
        body = env["wsgi.input"].read(int(env.get("CONTENT_LENGTH") or 0))
        env["wsgi.input"] = io.BytesIO(body)
        method, path = env["REQUEST_METHOD"], env["PATH_INFO"]
        text = f"{path} {body.decode()}"
        name = next((name for uuid, name in NAMES.items() if uuid in text or f"/{name}/" in text or f"{name}-" in text), "")
        what = kind_of(method, path, body)
        with lock, (FOLDER / "seen").open("a") as seen:
            seen.write(f"{name} {what} {method} {path}\n")
        how = fault_of(name, what)
        if how == "hang":
            time.sleep(20)
        if how.startswith("status "):
            start_response(f"{how.removeprefix('status ')} Fault", [("Content-Type", "application/json")])
            message = {"error": {"code": "Base.1.0.GeneralError", "message": "The flux capacitor is empty."}}
            return [json.dumps(message).encode()]
        if how == "garbage":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'["nobody knows what this is"']
        if how == "drop before":
            return self._drop(env)
        answer = b"".join(self.app(env, start_response))
        return self._drop(env) if how == "drop after" else [answer]

    def _drop(self, env):
        env["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return []


def finish_tasks():
    """What has had its time is installed, whether anybody asks for its task or not."""
    for task in tasks.values():
        if task["how"] not in ("for ever", "image not valid", "done") and time.time() >= task["ends"]:
            versions[task["name"]], task["how"] = task["version"], "done"


def own_versions(_driver, identity):
    """The version of the BIOS of a system."""
    finish_tasks()
    return {"BiosVersion": versions[NAMES.get(identity, identity)]}


def firmware_inventory():
    """The parts of the systems whose names are in FOLDER/parts."""
    names = (FOLDER / "parts").read_text().split()
    members = [{"@odata.id": f"/redfish/v1/UpdateService/FirmwareInventory/{name}-nic"} for name in names]
    return {"Name": "Firmware", "Members": members, "Members@odata.count": len(members)}


def firmware_part(part):
    """One part: it has the version of the system's BIOS."""
    finish_tasks()
    place = f"/redfish/v1/UpdateService/FirmwareInventory/{part}"
    return {"@odata.id": place, "Id": part, "Name": f"Card of {part}", "Version": versions[part.removesuffix("-nic")]}


def simple_update():
    """Begin an update; its task ends after a moment."""
    asked = flask.request.json
    place = " ".join([asked["ImageURI"], *asked.get("Targets", [])])
    name = next(name for name in versions if f"/{name}/" in place or f"/{name}-nic" in place)
    how = fault_of(name, "flash")
    version = "9.9.9" if how == "wrong version" else re.search(r"(\d+\.\d+\.\d+)", asked["ImageURI"])[1]
    number = f"{name}-{len(tasks) + 1}"
    tasks[number] = {"name": name, "version": version, "how": how, "ends": time.time() + SETTINGS["update_s"]}
    headers = {} if how == "no task" else {"Location": f"/redfish/v1/TaskService/TaskMonitors/{number}"}
    return {}, 202, headers


def task_monitor(number):
    """202 while it runs, then how it ended."""
    task = tasks[number]
    told = {"Id": number, "Name": "Update", "PercentComplete": 40, "TaskState": "Running", "Messages": []}
    if task["how"] == "for ever" or time.time() < task["ends"]:
        return told, 202
    if task["how"] == "image not valid":
        return told | {"TaskState": "Exception", "TaskStatus": "Critical", "Messages": [{"Message": "image not valid"}]}, 200
    finish_tasks()
    return told | {"TaskState": "Completed", "TaskStatus": "OK", "PercentComplete": 100}, 200


def remember_once():
    """The emulator says Continuous whatever it was asked for; here it remembers."""
    if flask.request.method == "PATCH" and "Boot" in (flask.request.json or {}):
        once[flask.request.path] = flask.request.json["Boot"].get("BootSourceOverrideEnabled", "Continuous")


def tell_once(response):
    """Put what is remembered into the answer."""
    if flask.request.method == "GET" and flask.request.path in once and SETTINGS["remembers_once"]:
        data = json.loads(response.get_data())
        data["Boot"]["BootSourceOverrideEnabled"] = once[flask.request.path]
        response.set_data(json.dumps(data))
    return response


def main():
    """Serve until the process is ended."""
    app = emulator.app
    fakedriver.random.randint = lambda _low, _high: SETTINGS["delay_s"]
    fakedriver.FakeDriver.get_versions = own_versions
    app.configure(extra_config={"SUSHY_EMULATOR_FAKE_DRIVER": True, "SUSHY_EMULATOR_FAKE_SYSTEMS": SETTINGS["systems"]})
    app.config["SUSHY_EMULATOR_AUTH_FILE"] = str(FOLDER / "users")
    app.config["SUSHY_EMULATOR_STATE_DIR"] = str(FOLDER / "state")
    app.configure()
    app.view_functions["UpdateService.update_service_simple_update"] = simple_update
    app.add_url_rule("/redfish/v1/UpdateService/FirmwareInventory", view_func=firmware_inventory)
    app.add_url_rule("/redfish/v1/UpdateService/FirmwareInventory/<part>", view_func=firmware_part)
    app.add_url_rule("/redfish/v1/TaskService/TaskMonitors/<number>", view_func=task_monitor)
    app.before_request(remember_once)
    app.after_request(tell_once)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    server = make_server("127.0.0.1", 0, Faulty(app.wsgi_app), threaded=True, ssl_context=context)
    (FOLDER / "port.new").write_text(str(server.port))
    (FOLDER / "port.new").rename(FOLDER / "port")
    server.serve_forever()


if __name__ == "__main__":
    main()
