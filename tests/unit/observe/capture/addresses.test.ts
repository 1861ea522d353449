import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AddressBook, ipv6Text } from "../../../../src/observe/capture/addresses.ts";
import { encodeAddress, u16 } from "./encode.ts";

// As glibc's inet_ntop prints them, which is what ss uses; each checked with it.
test.each([
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["fd77::1", "fd77::1"],
  ["FE80:0:0:0:0:0:0:1", "fe80::1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["0:0:1:0:0:0:0:0", "0:0:1::"],
  ["0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"],
  ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
  ["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
  ["::1.2.3.4", "::1.2.3.4"],
  ["::ffff:0:0", "::ffff:0.0.0.0"],
  ["::fffe:1.2.3.4", "::fffe:102:304"],
  ["::ffff:0:1.2.3.4", "::ffff:0:102:304"],
  ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
])("%s is written %s", (address, text) => {
  expect(ipv6Text(Uint8Array.from(encodeAddress(address)), 0)).toBe(text);
});

test("whatever the address, its text is that address again", () => {
  const word = fc.oneof(fc.constant(0), fc.nat(0xffff));
  fc.assert(
    fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
      const bytes = words.flatMap(u16);
      expect(encodeAddress(ipv6Text(Uint8Array.from(bytes), 0))).toEqual(bytes);
    }),
  );
});

test("an end that was seen before is the same object", () => {
  const book = new AddressBook();
  const bytes = Uint8Array.from([10, 77, 0, 1]);
  expect(book.ipv4(bytes, 0, 80)).toBe(book.ipv4(bytes, 0, 80));
  expect(Object.isFrozen(book.ipv4(bytes, 0, 80))).toBe(true);
});

test("addresses that differ only in the order of their words share a slot, and are two", () => {
  const book = new AddressBook();
  for (const address of ["1:2:3:4:5:6:7:8", "3:4:1:2:5:6:7:8", "1:2:3:4:7:8:5:6", "5:6:3:4:1:2:7:8"]) {
    expect(book.ipv6(Uint8Array.from(encodeAddress(address)), 0, 80)).toEqual({ address, port: 80 });
  }
});

test("ends that share a slot, or the last bytes of an address, are not mistaken for one another", () => {
  const book = new AddressBook();
  const bytes = Uint8Array.from(encodeAddress("::1.2.3.4"));
  for (let port = 0; port < 65_536; port += 7) {
    expect(book.ipv4(bytes, 12, port)).toEqual({ address: "1.2.3.4", port });
    expect(book.ipv6(bytes, 0, port)).toEqual({ address: "::1.2.3.4", port });
  }
});
