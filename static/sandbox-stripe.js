/*
 * The practice provider's stand-in for Stripe's script: the calls that an embedded checkout needs,
 * under both names they have had. It draws a frame of the sandbox's own page.
 */
(function () {
  "use strict";

  var origin = new URL(document.currentScript.src).origin;

  function Checkout(key, account, secret, onComplete) {
    var frame = null, told = null;

    function hear(message) {
      var data = message.data || {};

      if (!frame || message.origin !== origin || message.source !== frame.contentWindow) {
        return;
      }
      if (data.name === "complete") {
        if (data.url) {
          window.location.assign(data.url);
        } else if (onComplete) {
          onComplete();
        }
      } else if (data.name === "height") {
        frame.style.height = data.height + "px";
      }
    }

    this.mount = function (target) {
      var place = typeof target === "string" ? document.querySelector(target) : target;

      if (!place || frame || told === "destroyed") {
        throw new Error("IntegrationError: there is no place to mount to.");
      }
      frame = document.createElement("iframe");
      frame.src = origin + "/embedded/" + encodeURIComponent(secret) + "?key=" +
        encodeURIComponent(key) + (account ? "&account=" + encodeURIComponent(account) : "");
      frame.title = "Formulaire de paiement de Stripe (bac à sable)";
      frame.name = "embedded-checkout";
      frame.style.width = "100%";
      frame.style.height = "60rem";
      frame.style.border = "0";
      place.appendChild(frame);
      window.addEventListener("message", hear);
    };
    this.unmount = function () {
      if (frame) {
        frame.remove();
        frame = null;
        window.removeEventListener("message", hear);
      }
    };
    this.destroy = function () {
      this.unmount();
      told = "destroyed";
    };
  }

  window.Stripe = function (key, options) {
    if (typeof key !== "string" || !/^pk_(test|live)_/.test(key)) {
      throw new Error("IntegrationError: not a publishable key.");
    }

    function create(order) {
      if (!order || (!order.fetchClientSecret && !order.clientSecret)) {
        return Promise.reject(new Error("IntegrationError: a client secret is needed."));
      }
      return Promise.resolve(order.fetchClientSecret ? order.fetchClientSecret() : order.clientSecret)
        .then(function (secret) {
          return new Checkout(key, options && options.stripeAccount, secret, order.onComplete);
        });
    }

    return { createEmbeddedCheckoutPage: create, initEmbeddedCheckout: create };
  };
}());
