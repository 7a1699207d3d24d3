/*
 * The page of a payment that has no end yet: asks for itself again and shows what changed, so
 * that nobody has to reload. Without it the page reloads by itself.
 *
 * It asks every 2 seconds at first, more and more rarely after, every minute at the end, not at
 * all while nobody looks, and rests after half an hour.
 */
(function () {
  "use strict";

  var LIVE = ["created", "open", "processing"];
  var FIRST_MS = 2000, QUICK_MAX_MS = 5000, SLOW_MAX_MS = 60000;
  var QUICK_FOR_MS = 2 * 60000, REST_AFTER_MS = 30 * 60000, ANSWER_MAX_MS = 20000;

  var delayMs = FIRST_MS, beganAt = Date.now(), timer = 0, asking = false;

  function page() {
    return document.querySelector("main[data-state]");
  }

  function live() {
    return LIVE.indexOf(page().getAttribute("data-state")) !== -1;
  }

  function announce(text) {
    document.getElementById("annonce").textContent = text;
  }

  function showResting(resting) {
    var on = page().querySelector("[data-refreshing]"), off = page().querySelector("[data-resting]");

    if (on && off) {
      on.hidden = resting;
      off.hidden = !resting;
    }
  }

  // Nothing is touched unless the state changed: what somebody reads or is about to press stays.
  function show(text) {
    var fresh = new DOMParser().parseFromString(text, "text/html");
    var next = fresh.querySelector("main[data-state]"), current = page(), title, focused;

    if (!next || next.getAttribute("data-state") === current.getAttribute("data-state")) {
      return;
    }
    focused = current.contains(document.activeElement);
    next = document.importNode(next, true);
    current.replaceWith(next);
    document.title = fresh.title;
    title = next.querySelector("h1");
    announce(title.textContent);
    if (focused) {
      title.tabIndex = -1;
      title.focus({ preventScroll: true });
    }
    delayMs = FIRST_MS;
  }

  function wait() {
    var spentMs = Date.now() - beganAt;

    clearTimeout(timer);
    if (!live() || document.hidden) {
      return;
    }
    if (spentMs > REST_AFTER_MS) {
      showResting(true);
      return;
    }
    timer = setTimeout(ask, delayMs);
    delayMs = Math.min(delayMs * 1.2, spentMs < QUICK_FOR_MS ? QUICK_MAX_MS : SLOW_MAX_MS);
  }

  // A failed or slow answer is no news: the next one may be.
  function ask() {
    var stop = new AbortController(), limit;

    if (asking) {
      return;
    }
    asking = true;
    limit = setTimeout(function () { stop.abort(); }, ANSWER_MAX_MS);
    fetch(location.pathname, { cache: "no-store", credentials: "same-origin", signal: stop.signal })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(show)
      .catch(function () {})
      .then(function () {
        clearTimeout(limit);
        asking = false;
        wait();
      });
  }

  // Who comes back to the page wants to know at once.
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) {
      clearTimeout(timer);
    } else if (live()) {
      beganAt = Date.now();
      delayMs = FIRST_MS;
      showResting(false);
      ask();
    }
  });

  if (page() && live()) {
    wait();
  }
}());
