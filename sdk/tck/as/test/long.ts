// Asks for a text that is far longer than one may be.
import { Commands, Event, Plugin, register } from "@sothebais/sdk";
export * from "@sothebais/sdk/exports";

class Long extends Plugin {
  text: string = "";

  configure(config: string): string {
    this.text = config;
    return "";
  }

  handle(e: Event, out: Commands): void {
    out.post(this.text);
  }
}

register(new Long());
