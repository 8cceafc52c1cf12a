/** What a help topic is: a text as data, printed for people and given to machines as it is. */

/** A name with what it means. */
export interface TopicEntry {
  readonly name: string;
  readonly meaning: string;
}

/** A part of a topic. What it has is printed in this order. */
export interface TopicSection {
  /** Empty for the beginning of a topic. */
  readonly title: string;
  /** Each is wrapped when it is printed. */
  readonly paragraphs?: readonly string[];
  readonly entries?: readonly TopicEntry[];
  /** Printed as it is. */
  readonly example?: readonly string[];
}

/** See the module. */
export interface HelpTopic {
  readonly sections: readonly TopicSection[];
  /** Command lines that tell more, without `omk`. */
  readonly seeAlso: readonly string[];
}
