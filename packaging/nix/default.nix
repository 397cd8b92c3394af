# Not built here: parsed only. nix-build -E \
#   '(import <nixpkgs> { }).callPackage ./packaging/nix { }'
{ lib, stdenv, pkg-config, gnutls, inih, cmocka }:

stdenv.mkDerivation {
  pname = "posthaste";
  version = "0.1.0";
  src = lib.cleanSource ../..;

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [ gnutls inih ];
  nativeCheckInputs = [ cmocka ];
  checkInputs = [ cmocka ];

  # The profile is the system's; the links are in the package, for nobody's
  # sendmail is in their place.
  makeFlags = [ "prefix=${placeholder "out"}" "sysconfdir=/etc" ];

  # The rest talks to relays, by a network that a build doesn't have.
  doCheck = true;
  checkTarget = "check";
  checkFlags = [ "TEST=unit/" ];

  meta = {
    description = "Hands mail to a relay and believes only its 250";
    license = lib.licenses.isc;
    platforms = lib.platforms.linux;
    mainProgram = "posthaste";
  };
}
