/** The signals by which a person, a job or a closed terminal asks a process of omk to end. */

/** What a process does when it is asked. */
export interface EndListener {
  /** The first time: an orderly end. */
  first(signal: Deno.Signal): void;
  /** Each time after that: an end at once. */
  again(): void;
}

/** Listens to Ctrl-C, SIGTERM and SIGHUP until it is disposed. */
export function listenForEnd(listener: EndListener): Disposable {
  let isAsked = false;
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => {
    const hear = () => {
      if (isAsked) return listener.again();
      isAsked = true;
      listener.first(signal);
    };
    Deno.addSignalListener(signal, hear);
    return { signal, hear };
  });
  return {
    [Symbol.dispose]() {
      for (const { signal, hear } of listeners) Deno.removeSignalListener(signal, hear);
    },
  };
}
