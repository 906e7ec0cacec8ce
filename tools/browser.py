"""What only a browser can say of a built site, by a headless Chromium: whether everything fits, and what search finds.

The site is served to the browser from this process. A page of ours (theme/browser.js) opens every page in a frame,
makes the frame wide and narrow, and sends back what is wider than its box; then it asks search what search.yml says.
"""
import json, queue, shutil, subprocess, sys, tempfile, threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

WIDTHS = 1440, 390  # of a desk, of a telephone; on the first nothing may scroll, on the second tables may, in their box
BROWSERS = "chromium", "chromium-browser", "google-chrome", "chrome"
PATIENCE = 120      # seconds in which the next page must have been laid out
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
         "--disable-background-networking", "--disable-extensions", "--window-size=1600,1000"]
SCRIPT = Path(__file__).with_name("theme")/"browser.js"
SEARCH = Path(__file__).with_name("search.yml")


class Handler(SimpleHTTPRequestHandler):
    "The files of the site, the page that opens them, and a place to send what it found."
    def __init__(self, *args, pages, asked, found, **kw):
        self.pages, self.asked, self.found = pages, asked, found
        super().__init__(*args, **kw)

    def log_message(self, *args): pass

    def do_GET(self):
        if self.path != "/-browser": return super().do_GET()
        script = SCRIPT.read_text(encoding="utf-8")
        values = {"PAGES": self.pages, "WIDTHS": WIDTHS, "ASKED": self.asked}
        values = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
        body = f"<!doctype html><meta charset=utf-8><body><script>{values}\n{script}</script>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()


def laid_out(root, browser, pages, asked):
    "What the browser says of each page, and of each question to search, as it comes."
    found = queue.Queue()
    handler = partial(Handler, directory=str(root), pages=pages, asked=asked, found=found)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="ept-browser-", ignore_cleanup_errors=True) as profile:
        address = f"http://127.0.0.1:{server.server_port}/-browser"
        run = subprocess.Popen([browser, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-port=0", address],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in [*pages, *asked]: yield found.get(timeout=PATIENCE)
        except queue.Empty: sys.exit(f"{browser} did not lay out the pages of {root} in time")
        finally:
            run.terminate()
            run.wait()
            server.shutdown()


def check(root):
    "(page, problem) of what does not fit or is not found, and (page, line of code) of what was broken to fit."
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"no Chromium ({', '.join(BROWSERS)}): widths and search are not checked")
        return [], []
    pages = [p.relative_to(root).as_posix() for p in sorted(root.rglob("*.html")) if "site_libs" not in p.parts]
    ours = (root/"theme"/"index.js").exists()      # Quarto has a search of its own
    asked = yaml.safe_load(SEARCH.read_text(encoding="utf-8"))["first"] if ours else {}
    said = sorted(laid_out(root, browser, pages, asked), key=lambda page: page["page"])
    wide = [(page["page"], problem) for page in said for problem in page["wide"]]
    return wide, [(page["page"], line) for page in said for line in page["broken"]]
