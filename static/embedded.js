/*
 * Paying inside the personal space. In the cart this script says that it runs, and the payment is
 * asked here; without it the browser goes to Stripe's own page. On the page that asks it loads
 * Stripe's script and has it draw the form; when the form does not appear within a few seconds, a
 * button leads to Stripe's own page.
 */
(function () {
  "use strict";

  var WAIT_MS = 5000;

  var choice = document.getElementById("carte-ici");
  var place = document.getElementById("carte");
  var waiting = document.getElementById("carte-attente");
  var instead = document.getElementById("carte-secours");
  var ended = false, timer = 0;

  function end(drawn) {
    if (ended) {
      return false;
    }
    ended = true;
    clearTimeout(timer);
    waiting.hidden = true;
    place.hidden = !drawn;
    instead.hidden = drawn;
    return true;
  }

  function giveUp() {
    end(false);
  }

  // Too late is not at all: who reads the other sentence is not disturbed.
  function draw(checkout) {
    if (ended) {
      checkout.destroy();
      return;
    }
    place.hidden = false;
    checkout.mount("#carte");
    if (place.querySelector("iframe")) {
      end(true);
    } else {
      giveUp();
    }
  }

  // The name changed with the versions of Stripe's script.
  function start() {
    var stripe, create;

    try {
      stripe = window.Stripe(place.dataset.key,
        place.dataset.account ? { stripeAccount: place.dataset.account } : {});
      create = stripe.createEmbeddedCheckoutPage || stripe.initEmbeddedCheckout;
      create.call(stripe, {
        fetchClientSecret: function () { return Promise.resolve(place.dataset.secret); }
      }).then(draw).catch(giveUp);
    } catch (failure) {
      giveUp();
    }
  }

  function load() {
    var script = document.createElement("script");

    script.src = place.dataset.script;
    script.onload = start;
    script.onerror = giveUp;
    document.head.appendChild(script);
  }

  if (choice) {
    choice.disabled = false;
  }
  if (place) {
    waiting.hidden = false;
    timer = setTimeout(giveUp, WAIT_MS);
    load();
  }
}());
