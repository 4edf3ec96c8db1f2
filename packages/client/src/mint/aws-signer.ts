/** What an AWS workload signs its requests with. Secret: never printed. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** A form that goes to one service of AWS. */
export interface AwsFormRequest {
  readonly url: URL;
  readonly body: string;
  /** `sts` and the like. */
  readonly service: string;
  readonly region: string;
}

/** Port: signs a request (AWS Signature Version 4). An optional package does it, which only jobs on AWS need. */
export interface AwsSigner {
  /** @returns every header to send. @param at - Milliseconds since 1970-01-01T00:00:00Z. */
  sign(request: AwsFormRequest, credentials: AwsCredentials, at: number): Promise<Readonly<Record<string, string>>>;
}
