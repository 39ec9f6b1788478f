// Tells the site once in a while that somebody may be reading this page: session-aggregate makes time online of these
// beats (web/lib/heartbeat.php). A page that is hidden or closed sends none, and neither does one that nobody has
// touched for a while. Attributes of its script element:
//
//   data-url      where beats are sent to, with POST; it answers 403 when nobody is logged in any more
//   data-seconds  time between two beats
//   data-cap      how long beats go on after the last movement, key or scroll on this page, in seconds; 0: for ever
//   data-body     what is sent, as a form sends it: name=value
'use strict';

{
  const { url, seconds, cap, body = '' } = document.currentScript.dataset;
  const period = 1000 * Number(seconds);
  const patience = Number(cap) > 0 ? 1000 * Number(cap) : Infinity;
  const over = new AbortController();
  let touched = Date.now();
  // Who loads a page is there.
  let beaten = touched;
  let timer;

  const send = async () => {
    try {
      const form = new URLSearchParams(body);
      const answer = await fetch(url, { method: 'POST', body: form, mode: 'same-origin', redirect: 'error' });
      if (answer.status === 403) {
        over.abort();
        clearTimeout(timer);
      }
    } catch {
      // The next one may come through.
    }
  };

  const go = () => {
    clearTimeout(timer);
    const now = Date.now();
    // The clock may have been set back.
    touched = Math.min(touched, now);
    beaten = Math.min(beaten, now);
    // What changes one of these calls again.
    if (document.visibilityState !== 'visible' || now - touched > patience) return;
    if (now - beaten >= period) {
      beaten = now;
      send();
    }
    timer = setTimeout(go, beaten + period - now);
  };

  const touch = () => {
    const wasLeft = Date.now() - touched > patience;
    touched = Date.now();
    if (wasLeft) go();
  };

  if (period > 0) {
    const options = { capture: true, passive: true, signal: over.signal };
    for (const kind of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'scroll']) {
      addEventListener(kind, touch, options);
    }
    document.addEventListener('visibilitychange', go, options);
    go();
  }
}
